/** What a step took in the run that goes on, or in the last one: time, memory, bytes. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IOutcome } from '../protocol';
import { bytes, decimal } from '../running/amounts';

export function Taken(props: {
  outcome: IOutcome | null;
  trans: TranslationBundle;
}): React.ReactElement | null {
  const { outcome, trans } = props;
  if (!outcome) {
    return null;
  }
  const parts = outcome.cached
    ? [trans.__('cached')]
    : [
        ...(outcome.status === 'ok' ? [] : [wordOf(outcome.status, trans)]),
        trans.__('%1 s', decimal(outcome.seconds, 2)),
        ...(outcome.memory > 0 ? [trans.__('%1 of memory', bytes(outcome.memory))] : [])
      ];
  if (outcome.taken > 0) {
    parts.push(trans.__('took %1', bytes(outcome.taken)));
  }
  if (outcome.given > 0) {
    parts.push(trans.__('gave %1', bytes(outcome.given)));
  }
  return <p className="jp-nb2pipe-help">{parts.join(' · ')}</p>;
}

/** How a step ended, in a word. */
export function wordOf(status: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    failed: trans.__('failed'),
    died: trans.__('died'),
    'not run': trans.__('not run'),
    'left out': trans.__('left out')
  };
  return words[status] ?? '';
}
