/** The icon: two steps and what flows between them. */

import { LabIcon } from '@jupyterlab/ui-components';

import pipeline from '../style/icons/pipeline.svg';

export const pipelineIcon = new LabIcon({ name: 'nb2pipe:pipeline', svgstr: pipeline });

/** The icon as the address of an image, in a colour that suits all themes: cards of notebooks have no other icons. */
export function pipelineImage(): string {
  const coloured = pipeline.replaceAll('#616161', '#f37726');
  return `data:image/svg+xml,${encodeURIComponent(coloured)}`;
}
