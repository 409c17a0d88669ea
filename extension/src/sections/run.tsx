/** The run that goes on, or the last one, step by step; and the verdict of the last comparison. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { ISectionProps, Notes, Place, Section } from '../parts';
import { IOutcome, IReport } from '../protocol';
import { bytes, decimal } from '../running/amounts';
import { notesOf, sentence, wordsOfEnd, wordsOfVerdict } from '../words';
import { Log } from './log';
import { Plan } from './plan';
import { SweepTable } from './sweep';

// eslint-disable-next-line no-control-regex -- the colours of a traceback are control characters
const COLOURS = /\u001b\[[0-9;]*[A-Za-z]/g;

export function RunSection(props: ISectionProps): React.ReactElement {
  const { session, actions, trans } = props;
  const { running, ran, report, runs } = session;
  const steps = running?.what === 'run' ? running.steps : (ran?.steps ?? {});
  const notes = running ? running.notes : notesOf(ran?.notes ?? [], ran?.said ?? []);
  const busy = !session.idle;
  const open = async (step: string) => {
    const path = await runs.make({ what: 'step', run: ran?.run ?? '', step });
    if (path) {
      actions.open(path);
    }
  };
  const show = async (path: string) => {
    if (!(await runs.showOutputs(path))) {
      actions.open(path);
    }
  };
  return (
    <Section name={trans.__('Run')} open>
      {!running && <Plan session={session} trans={trans} />}
      {report && <Verdict report={report} trans={trans} />}
      {running?.what === 'sweep' && runs.combinations && (
        <p>
          {trans._n('%1 combination', '%1 combinations', runs.combinations.count)}
          {runs.combinations.why &&
            `: ${sentence(runs.combinations.why, runs.combinations.said, trans)}`}
        </p>
      )}
      {runs.table && <SweepTable table={runs.table} {...{ session, actions, trans }} />}
      <ul className="jp-nb2pipe-outcomes">
        {Object.entries(steps).map(([name, outcome]) => (
          <Outcome key={name} name={name} outcome={outcome} trans={trans} />
        ))}
      </ul>
      <Log
        texts={runs.texts}
        running={step => running !== null && (step === '' || steps[step] === 'running')}
        trans={trans}
      />
      <Notes of={notes} trans={trans} />
      {ran?.interrupted && <p>{trans.__('The run was cancelled.')}</p>}
      {ran?.failures.map(failure => (
        <div key={failure.step} className="jp-nb2pipe-failure">
          <p>
            <b>{failure.step}</b> {sentence(failure.detail, failure.said, trans)}{' '}
            {failure.cell >= 0 && (
              <Place {...{ session, actions, trans }} cell={failure.cell} />
            )}
          </p>
          {failure.traceback.length > 0 && (
            <pre tabIndex={0}>{failure.traceback.join('\n').replace(COLOURS, '')}</pre>
          )}
          {ran.run && (
            <p>
              <button type="button" disabled={busy} onClick={() => void open(failure.step)}>
                {trans.__('Open %1 with its inputs', failure.step)}
              </button>
            </p>
          )}
        </div>
      ))}
      {ran && !ran.ok && ran.run && (
        <p>
          <button
            type="button"
            className="jp-mod-accept"
            disabled={busy}
            title={trans.__('Go on with this run: what had ended in it is taken from it')}
            onClick={() => void runs.resume(ran.run)}
          >
            {trans.__('Resume')}
          </button>
        </p>
      )}
      {ran?.output && !running && (
        <p className="jp-nb2pipe-links">
          <button
            type="button"
            className="jp-nb2pipe-place"
            onClick={() => void show(ran.output ?? '')}
          >
            {trans.__('Show outputs in the notebook')}
          </button>
          <button
            type="button"
            className="jp-nb2pipe-place"
            onClick={() => actions.open(ran.output ?? '')}
          >
            {trans.__('Open the executed notebook')}
          </button>
        </p>
      )}
    </Section>
  );
}

const SIGNS: Record<string, string> = {
  ok: '✓',
  cached: '✓',
  failed: '✗',
  died: '✗',
  'not run': '–',
  'left out': '–',
  running: '●',
  waiting: '·'
};

function Outcome(props: {
  name: string;
  outcome: IOutcome | 'running' | 'waiting';
  trans: TranslationBundle;
}): React.ReactElement {
  const { name, outcome, trans } = props;
  const known = typeof outcome === 'string' ? null : outcome;
  const status = known ? (known.cached ? 'cached' : known.status) : String(outcome);
  const words: Record<string, string> = {
    ok: known ? trans.__('%1 s', decimal(known.seconds, 2)) : '',
    cached: trans.__('cached'),
    failed: trans.__('failed'),
    died: trans.__('died'),
    'not run': trans.__('not run'),
    'left out': trans.__('left out'),
    running: trans.__('running'),
    waiting: trans.__('waiting')
  };
  const memory = known && known.memory > 0 ? ` (${bytes(known.memory)})` : '';
  const detail = known ? `${wordsOfEnd(known, trans)}${memory}` : '';
  return (
    <li className={`jp-mod-${status.replace(' ', '-')}`} title={detail}>
      <span aria-hidden="true">{SIGNS[status]}</span> <span>{name}</span>{' '}
      <span className="jp-nb2pipe-time">{words[status]}</span>
    </li>
  );
}

function Verdict(props: { report: IReport; trans: TranslationBundle }): React.ReactElement {
  const { report, trans } = props;
  const { values, outputs, figures } = report.compared;
  const compared = [
    trans._n('%1 value', '%1 values', values),
    trans._n('%1 output', '%1 outputs', outputs),
    trans._n('%1 figure', '%1 figures', figures)
  ];
  return (
    <div className={`jp-nb2pipe-verdict jp-mod-${report.verdict.toLowerCase()}`}>
      <p>
        <b>{wordsOfVerdict(report.verdict, trans)}</b>{' '}
        {trans.__('compared: %1', compared.join(', '))}
      </p>
      <ul>
        {report.differences.slice(0, 20).map((found, i) => (
          <li key={i}>
            {[found.step, found.name, sentence(found.where, found.said.where, trans)]
              .filter(Boolean)
              .join(', ')}
            : <code>{sentence(found.expected, found.said.expected, trans)}</code> ≠{' '}
            <code>{sentence(found.actual, found.said.actual, trans)}</code>
          </li>
        ))}
        {report.unknown.slice(0, 20).map((found, i) => (
          <li key={`unknown-${i}`}>
            {[found.step, found.name].filter(Boolean).join(', ')}:{' '}
            {sentence(found.reason, found.said, trans)}
          </li>
        ))}
      </ul>
      <Notes of={notesOf(report.notes, report.said)} trans={trans} />
    </div>
  );
}
