/** The runs of the notebook that were recorded: how each went, what can be made of it, and what two of them differ in. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IActions, Notes, Section } from '../parts';
import { bytes, decimal, metric, moment } from '../running/amounts';
import { IComparison, IRun, IRunDetails, Made, RunStatus } from '../running/protocol';
import { resumable } from '../running/runs';
import { Session } from '../session';
import { notesOf, sentence, wordsOfDifference, wordsOfEnd } from '../words';
import { Diff } from './compiled';

interface IProps {
  session: Session;
  actions: IActions;
  trans: TranslationBundle;
}

export function HistorySection(props: IProps): React.ReactElement {
  const { session, actions, trans } = props;
  const { runs } = session;
  const { list, chosen, comparison } = runs;
  return (
    <Section name={trans.__('Runs')} count={list?.length}>
      {list === null ? (
        <button
          type="button"
          disabled={session.busy !== null}
          onClick={() => void runs.listRuns()}
        >
          {trans.__('List the runs')}
        </button>
      ) : list.length === 0 ? (
        <p className="jp-nb2pipe-quiet">{trans.__('No run of it is recorded.')}</p>
      ) : (
        <>
          <p className="jp-nb2pipe-fixes">
            <button
              type="button"
              disabled={chosen.length !== 2 || session.busy !== null}
              title={trans.__('Tick two runs to compare them')}
              onClick={() => void runs.compare()}
            >
              {trans.__('Compare two runs')}
            </button>
          </p>
          {comparison && <Comparison {...props} comparison={comparison} />}
          <ul className="jp-nb2pipe-runs">
            {list.map(run => (
              <Run key={run.id} run={run} {...{ session, actions, trans }} />
            ))}
          </ul>
        </>
      )}
    </Section>
  );
}

const SIGNS: Record<RunStatus, string> = {
  ok: '✓',
  failed: '✗',
  refused: '✗',
  interrupted: '–',
  lost: '–',
  running: '●'
};

function statusWord(status: RunStatus, trans: TranslationBundle): string {
  return {
    ok: trans.__('ended well'),
    failed: trans.__('failed'),
    refused: trans.__('refused'),
    interrupted: trans.__('cancelled'),
    lost: trans.__('lost'),
    running: trans.__('running')
  }[status];
}

function Run(props: IProps & { run: IRun }): React.ReactElement {
  const { session, actions, trans, run } = props;
  const { runs } = session;
  const when = moment(run.started);
  const given = Object.entries(run.parameters).map(([name, value]) => `${name} = ${value}`);
  const details = runs.details.get(run.id);
  const make = async (made: Made) => {
    const path = await runs.make(made);
    if (path) {
      actions.open(path);
    }
  };
  const busy = session.busy !== null;
  return (
    <li className={`jp-mod-${run.status}`}>
      <input
        type="checkbox"
        aria-label={trans.__('Compare the run of %1', when)}
        checked={runs.chosen.includes(run.id)}
        onChange={() => runs.choose(run.id)}
      />
      <details
        onToggle={event => {
          if (event.currentTarget.open) {
            void runs.show(run);
          }
        }}
      >
        <summary>
          <span aria-hidden="true">{SIGNS[run.status]}</span> {when}
          {' · '}
          {statusWord(run.status, trans)}
          {run.seconds !== null && ` · ${trans.__('%1 s', decimal(run.seconds, 1))}`}
          {' · '}
          {trans.__('%1 of %2 cached', run.cached, run.count)}
          {given.length > 0 && <span className="jp-nb2pipe-help"> {given.join(', ')}</span>}
        </summary>
        <p className="jp-nb2pipe-help">{run.id}</p>
        <p className="jp-nb2pipe-fixes">
          <button
            type="button"
            disabled={busy}
            onClick={() => void make({ what: 'notebook', run: run.id })}
          >
            {trans.__('Executed notebook')}
          </button>
          <button
            type="button"
            disabled={busy}
            onClick={() => void make({ what: 'report', run: run.id })}
          >
            {trans.__('Report')}
          </button>
          {run.failed.map(({ step }) => (
            <button
              key={step}
              type="button"
              disabled={busy}
              onClick={() => void make({ what: 'step', run: run.id, step })}
            >
              {trans.__('Open %1 with its inputs', step)}
            </button>
          ))}
          {resumable(run) && !run.sweep && (
            <button
              type="button"
              disabled={busy || session.running !== null}
              onClick={() => void runs.resume(run.id)}
            >
              {trans.__('Resume')}
            </button>
          )}
          {run.sweep && (
            <button
              type="button"
              disabled={busy}
              onClick={() => void runs.showSweep(run.sweep ?? '')}
            >
              {trans.__('Table of the sweep')}
            </button>
          )}
        </p>
        {run.failed.map(({ step, detail, said }) => (
          <p key={step} className="jp-nb2pipe-failure">
            <b>{step}</b> {sentence(detail, said, trans)}
          </p>
        ))}
        {details && <Details details={details} trans={trans} />}
      </details>
    </li>
  );
}

function Details(props: {
  details: IRunDetails;
  trans: TranslationBundle;
}): React.ReactElement {
  const { details, trans } = props;
  const metrics = Object.entries(details.metrics);
  return (
    <>
      {metrics.length > 0 && (
        <dl className="jp-nb2pipe-metrics">
          {metrics.map(([name, value]) => (
            <React.Fragment key={name}>
              <dt>{name}</dt>
              <dd>{metric(value)}</dd>
            </React.Fragment>
          ))}
        </dl>
      )}
      <ul className="jp-nb2pipe-outcomes">
        {details.steps.map(step => (
          <li
            key={step.name}
            className={`jp-mod-${step.status.replace(' ', '-')}`}
            title={wordsOfEnd(step, trans)}
          >
            <span aria-hidden="true">
              {['ok', 'cached'].includes(step.status)
                ? '✓'
                : ['failed', 'died'].includes(step.status)
                  ? '✗'
                  : '–'}
            </span>
            <span>{step.name}</span>
            <span className="jp-nb2pipe-time">
              {step.status === 'cached'
                ? trans.__('cached')
                : [
                    trans.__('%1 s', decimal(step.seconds, 2)),
                    ...(step.memory > 0 ? [bytes(step.memory)] : [])
                  ].join(' · ')}
            </span>
          </li>
        ))}
      </ul>
      <Notes of={notesOf(details.notes, details.said)} trans={trans} />
    </>
  );
}

function Comparison(props: IProps & { comparison: IComparison }): React.ReactElement {
  const { session, actions, trans, comparison } = props;
  const page = async () => {
    const path = await session.runs.make({
      what: 'comparison',
      run: comparison.old,
      other: comparison.new
    });
    if (path) {
      actions.open(path);
    }
  };
  const nothing = comparison.differences.length === 0 && comparison.code.length === 0;
  return (
    <div
      className="jp-nb2pipe-comparison"
      role="group"
      aria-label={trans.__('What the two runs differ in')}
    >
      <p>
        <b>{trans.__('From %1 to %2', comparison.old, comparison.new)}</b>
      </p>
      {comparison.missing && (
        <p className="jp-nb2pipe-help">
          {sentence(comparison.missing, comparison.said, trans)}
        </p>
      )}
      {nothing && <p>{trans.__('Nothing differs but the times.')}</p>}
      <ul>
        {comparison.differences.map((found, i) => (
          <li key={i}>
            {wordsOfDifference(found.what, trans)}{' '}
            <b>{sentence(found.name, found.said.name, trans)}</b>{' '}
            <code>{sentence(found.old, found.said.old, trans)}</code> →{' '}
            <code>{sentence(found.new, found.said.new, trans)}</code>
            {found.where &&
              ` ${trans.__('at %1', sentence(found.where, found.said.where, trans))}`}
          </li>
        ))}
      </ul>
      {comparison.code.map(code => (
        <Diff
          key={code.name}
          name={sentence(code.name, code.said, trans)}
          lines={code.diff}
        />
      ))}
      <p>
        <button
          type="button"
          className="jp-nb2pipe-place"
          disabled={session.busy !== null}
          onClick={() => void page()}
        >
          {trans.__('Open as a page, with figures side by side')}
        </button>
      </p>
    </div>
  );
}
