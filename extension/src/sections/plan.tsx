/** What the next run would do, step by step, and why; or what the runs of a sweep would share. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { decimal } from '../running/amounts';
import { Action, IPlan, ISweepPlan } from '../running/protocol';
import { Session } from '../session';
import { sentence } from '../words';

export function Plan(props: {
  session: Session;
  trans: TranslationBundle;
}): React.ReactElement | null {
  const { session, trans } = props;
  const { plan, sweepPlan, outdated } = session.runs;
  if (!plan && !sweepPlan) {
    return null;
  }
  return (
    <div
      className={`jp-nb2pipe-plan${outdated ? ' jp-mod-outdated' : ''}`}
      role="group"
      aria-label={trans.__('What a run would do')}
    >
      {plan && <StepsOfPlan plan={plan} trans={trans} />}
      {sweepPlan && <StepsOfSweep plan={sweepPlan} trans={trans} />}
      {outdated && (
        <p className="jp-nb2pipe-help">
          {trans.__('The notebook or a parameter has changed since.')}{' '}
          <button
            type="button"
            className="jp-nb2pipe-place"
            disabled={session.busy !== null}
            onClick={() => void session.runs.makePlan(Boolean(sweepPlan))}
          >
            {trans.__('Plan anew')}
          </button>
        </p>
      )}
    </div>
  );
}

const SIGNS: Record<Action, string> = { run: '●', cached: '✓', depends: '○' };

/** What becomes of a step, in a word. */
export function actionWord(action: Action, trans: TranslationBundle): string {
  return {
    run: trans.__('stale'),
    cached: trans.__('cached'),
    depends: trans.__('perhaps stale')
  }[action];
}

function StepsOfPlan(props: { plan: IPlan; trans: TranslationBundle }): React.ReactElement {
  const { plan, trans } = props;
  const count = (action: Action) => plan.steps.filter(s => s.action === action).length;
  const maybe = count('depends');
  const work = plan.steps
    .filter(step => step.action !== 'cached')
    .reduce((total, step) => total + (step.seconds ?? 0), 0);
  return (
    <>
      <p>
        <b>{trans.__('%1 to run, %2 cached', count('run'), count('cached'))}</b>
        {maybe > 0 && `, ${trans._n('%1 may have to', '%1 may have to', maybe)}`}
        {work > 0 && ` · ${trans.__('%1 s of work at most', decimal(work, 1))}`}
      </p>
      <ul className="jp-nb2pipe-outcomes">
        {plan.steps.map(step => (
          <li key={step.step} className={`jp-mod-planned-${step.action}`}>
            <span aria-hidden="true">{SIGNS[step.action]}</span>
            <span>
              {step.step}{' '}
              <span className="jp-nb2pipe-help">
                {sentence(step.reason, step.said, trans)}
              </span>
            </span>
            <span className="jp-nb2pipe-time">
              {step.action === 'cached'
                ? trans.__('cached')
                : step.action === 'run'
                  ? trans.__('runs')
                  : trans.__('may run')}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}

function StepsOfSweep(props: {
  plan: ISweepPlan;
  trans: TranslationBundle;
}): React.ReactElement {
  const { plan, trans } = props;
  return (
    <>
      <p>
        <b>{trans._n('%1 combination', '%1 combinations', plan.count)}</b>
        {', '}
        {plan.at_once > 1
          ? trans.__('%1 at once', plan.at_once)
          : trans.__('one after another')}
        {plan.why && `: ${sentence(plan.why, plan.said, trans)}`}
      </p>
      <ul className="jp-nb2pipe-outcomes">
        {plan.steps.map(step => (
          <li key={step.step}>
            <span aria-hidden="true">·</span>
            <span>
              {step.step}{' '}
              <span className="jp-nb2pipe-help">
                {sentence(step.reason, step.said, trans)}
              </span>
            </span>
            <span className="jp-nb2pipe-time">
              {trans._n('once', '%1 times', step.runs)}
            </span>
          </li>
        ))}
      </ul>
    </>
  );
}
