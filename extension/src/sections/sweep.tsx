/** A sweep: its values asked for in the form, and the table of what came of it. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { decimal, metric, valueText } from '../running/amounts';
import { ISweepTable } from '../running/protocol';
import { IActions } from '../parts';
import { Session } from '../session';
import { sentence } from '../words';

/** What turns the form into one of several values, and what can be done with these. */
export function SweepForm(props: {
  session: Session;
  trans: TranslationBundle;
}): React.ReactElement {
  const { session, trans } = props;
  const { runs } = session;
  const busy = !session.idle;
  return (
    <div className="jp-nb2pipe-sweepForm">
      <label>
        <input
          type="checkbox"
          checked={runs.sweep !== null}
          onChange={event => runs.setSweeping(event.target.checked)}
        />{' '}
        {trans.__('Several values: a sweep')}
      </label>
      {runs.sweep && (
        <>
          <p className="jp-nb2pipe-help">
            {trans.__(
              'Values stand between commas; one that has a comma itself stands in quotes. The notebook runs for each combination.'
            )}
          </p>
          <p className="jp-nb2pipe-fixes">
            <button
              type="button"
              disabled={busy || runs.sweep.size === 0}
              onClick={() => void runs.startSweep()}
            >
              {trans.__('Run the sweep')}
            </button>
            <button
              type="button"
              disabled={busy || runs.sweep.size === 0}
              onClick={() => void runs.makePlan(true)}
            >
              {trans.__('Plan the sweep')}
            </button>
          </p>
        </>
      )}
    </div>
  );
}

/** How a combination ended, in a word. */
function statusWord(status: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    ok: trans.__('ok'),
    failed: trans.__('failed'),
    refused: trans.__('refused'),
    interrupted: trans.__('interrupted'),
    stopped: trans.__('stopped'),
    lost: trans.__('lost'),
    running: trans.__('running'),
    'not run': trans.__('not run')
  };
  return words[status] ?? status;
}

export function SweepTable(props: {
  session: Session;
  table: ISweepTable;
  actions: IActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { session, table, actions, trans } = props;
  const metrics = [...new Set(table.runs.flatMap(row => Object.keys(row.metrics)))].sort();
  const well = table.runs.filter(row => row.status === 'ok').length;
  const open = async (run: string) => {
    const path = await session.runs.make({ what: 'notebook', run });
    if (path) {
      actions.open(path);
    }
  };
  return (
    <div className="jp-nb2pipe-sweep">
      <p>
        {trans.__('%1 of %2 combinations ended well', well, table.runs.length)}
        {metrics.length === 0 && (
          <span className="jp-nb2pipe-help">
            {' '}
            {trans.__('No metrics were said: give a cell the tag metrics.')}
          </span>
        )}
      </p>
      <div
        className="jp-nb2pipe-scroll"
        role="region"
        tabIndex={0}
        aria-label={trans.__('The runs of the sweep')}
      >
        <table>
          <thead>
            <tr>
              {table.parameters.map(name => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
              {metrics.map(name => (
                <th key={`metric ${name}`} scope="col" className="jp-mod-number">
                  {name}
                </th>
              ))}
              <th scope="col">{trans.__('status')}</th>
              <th scope="col" className="jp-mod-number">
                {trans.__('time')}
              </th>
              <th scope="col">{trans.__('cached')}</th>
              <th scope="col">{trans.__('notebook')}</th>
            </tr>
          </thead>
          <tbody>
            {table.runs.map((row, i) => (
              <tr
                key={i}
                className={`jp-mod-${row.status}`}
                title={row.error ? sentence(row.error, row.said, trans) : undefined}
              >
                {table.parameters.map(name => (
                  <td key={name}>{valueText(row.parameters[name])}</td>
                ))}
                {metrics.map(name => (
                  <td key={`metric ${name}`} className="jp-mod-number">
                    {metric(row.metrics[name])}
                  </td>
                ))}
                <td>{statusWord(row.status, trans)}</td>
                <td className="jp-mod-number">
                  {row.seconds === null ? '' : trans.__('%1 s', decimal(row.seconds, 2))}
                </td>
                <td>{row.run ? trans.__('%1 of %2', row.cached, row.steps) : ''}</td>
                <td>
                  {row.run && (
                    <button
                      type="button"
                      className="jp-nb2pipe-place"
                      aria-label={trans.__('Open the executed notebook of run %1', row.run)}
                      disabled={session.busy !== null}
                      onClick={() => void open(row.run ?? '')}
                    >
                      {trans.__('open')}
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
