/** The icon: two steps and what flows between them. */

import { LabIcon } from '@jupyterlab/ui-components';

import pipeline from '../style/icons/pipeline.svg';

export const pipelineIcon = new LabIcon({ name: 'nb2pipe:pipeline', svgstr: pipeline });
