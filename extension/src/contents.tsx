/** What the side panel holds, section by section. */

import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Graph, keyOf, labelOf } from './graph';
import { statusOf } from './overlay';
import { IActions, Place, Section } from './parts';
import { IEdge, IFailure } from './protocol';
import { CompiledSection } from './sections/compiled';
import { FindingsSection } from './sections/findings';
import { HistorySection } from './sections/history';
import { ParametersSection } from './sections/parameters';
import { OpenedStep } from './sections/step';
import { RunSection } from './sections/run';
import { StepsSection } from './sections/steps';
import { TagsSection } from './sections/tags';
import { VersionsSection } from './sections/versions';
import { Session } from './session';
import { named, sentence } from './words';

export function Contents(props: {
  session: Session;
  actions: IActions;
  languages: IEditorLanguageRegistry | null;
  trans: TranslationBundle;
}): React.ReactElement {
  const { session, actions, trans } = props;
  const [step, setStep] = React.useState<string | null>(null);
  const [edge, setEdge] = React.useState<string | null>(null);
  const { analysis } = session;
  const chosen = analysis?.edges.filter(e => keyOf(e) === edge) ?? [];
  const choose = (name: string) => {
    setStep(name);
    const cell = analysis?.steps.find(s => s.name === name)?.cells[0];
    if (cell !== undefined) {
      actions.goTo(session, cell);
    }
  };
  const follow = (next: IEdge) => {
    const again = keyOf(next) === edge;
    setEdge(again ? null : keyOf(next));
    actions.light(session, again ? null : next);
  };
  const busy = !session.idle;
  const { opened } = session;
  if (opened) {
    return (
      <div className="jp-nb2pipe-contents">
        <OpenedStep {...{ session, opened, actions, trans }} />
      </div>
    );
  }
  return (
    <div className="jp-nb2pipe-contents">
      <div className="jp-nb2pipe-buttons" role="toolbar" aria-label={trans.__('Pipeline')}>
        <button
          type="button"
          className="jp-mod-accept"
          disabled={busy}
          onClick={() => void session.compile()}
        >
          {trans.__('Compile')}
        </button>
        <button type="button" disabled={busy} onClick={() => void session.start('verify')}>
          {trans.__('Verify')}
        </button>
        <button
          type="button"
          disabled={busy}
          title={trans.__('What would run, what is cached, and why')}
          onClick={() => void session.runs.makePlan()}
        >
          {trans.__('Plan')}
        </button>
        <button type="button" disabled={busy} onClick={() => void session.start('run')}>
          {trans.__('Run')}
        </button>
        {session.running && (
          <button type="button" onClick={() => void session.cancel()}>
            {trans.__('Cancel')}
          </button>
        )}
      </div>
      <p className="jp-nb2pipe-status" role="status" aria-live="polite">
        {statusLine(session, trans)}
      </p>
      {session.failure && (
        <Failure failure={session.failure} {...{ session, actions, trans }} />
      )}
      {analysis && (
        <>
          <Section name={trans.__('Graph')} open>
            <Graph
              analysis={analysis}
              trans={trans}
              chosenStep={step}
              chosenEdge={edge}
              statusOf={name => statusOf(session, name)}
              onStep={choose}
              onEdge={follow}
            />
            {chosen.length > 0 && (
              <Evidence edges={chosen} {...{ session, actions, trans }} />
            )}
          </Section>
          {session.hasRun && <RunSection {...{ session, analysis, actions, trans }} />}
          {session.compiled && (
            <CompiledSection
              {...{ session, actions, trans }}
              compiled={session.compiled}
              languages={props.languages}
            />
          )}
          <FindingsSection {...{ session, analysis, actions, trans }} />
          <TagsSection {...{ session, analysis, actions, trans }} />
          <ParametersSection {...{ session, analysis, actions, trans }} />
          <StepsSection {...{ session, analysis, actions, trans }} chosen={step} />
          <HistorySection {...{ session, actions, trans }} />
          <VersionsSection {...{ session, actions, trans }} />
        </>
      )}
    </div>
  );
}

function Evidence(props: {
  edges: IEdge[];
  session: Session;
  actions: IActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { edges, trans, session, actions } = props;
  const evidence = edges.flatMap(edge => edge.evidence);
  const words = session.analysis?.words ?? {};
  return (
    <div
      className="jp-nb2pipe-evidence"
      role="group"
      aria-label={trans.__('Why this edge is there')}
    >
      <p>{edges.map(edge => labelOf(edge, words, trans)).join('; ')}</p>
      <ul>
        {evidence.map((found, i) => (
          <li key={i}>
            {words[found.name] ? (
              named(found.name, words, trans)
            ) : (
              <code>{found.name}</code>
            )}{' '}
            <Place {...{ session, actions, trans }} {...found.write} />
            <span className="jp-nb2pipe-to">{' → '}</span>
            <Place {...{ session, actions, trans }} {...found.read} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function Failure(props: {
  failure: IFailure;
  session: Session;
  actions: IActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { failure, trans, session, actions } = props;
  const missing = session.state === 'missing';
  const message = missing
    ? trans.__(
        "The server has not nb2pipe's part: install nb2pipe where Jupyter Server runs, and start it anew."
      )
    : failure.kind === 'cancelled'
      ? trans.__('Cancelled.')
      : failure.kind === 'refused'
        ? trans.__('nb2pipe cannot promise the same result, and refuses:')
        : sentence(failure.message, failure.said, trans);
  return (
    <div className="jp-nb2pipe-failure" role="alert">
      <p>{message}</p>
      {failure.findings && (
        <ul>
          {failure.findings.map((found, i) => (
            <li key={i}>
              <b>{found.code}</b> {sentence(found.message, found.said.message, trans)}{' '}
              {found.cell !== null && (
                <Place
                  {...{ session, actions, trans }}
                  cell={found.cell}
                  line={found.line}
                />
              )}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

function statusLine(session: Session, trans: TranslationBundle): string {
  const { running, analysis } = session;
  if (session.busy === 'compile') {
    return trans.__('Compiling…');
  }
  if (session.busy === 'other') {
    return trans.__('Working…');
  }
  if (running?.what === 'sweep') {
    return trans.__('Running the sweep…');
  }
  if (running?.what === 'verify') {
    return trans.__('Running the notebook and its package, and comparing…');
  }
  if (running) {
    const steps = Object.values(running.steps);
    const ended = steps.filter(s => typeof s !== 'string').length;
    return steps.length > 0
      ? trans.__('Running: %1 of %2 steps have ended', ended, steps.length)
      : trans.__('Starting…');
  }
  if (!analysis) {
    return session.state === 'waiting' ? trans.__('Analysing…') : '';
  }
  const steps = trans._n('%1 step', '%1 steps', analysis.steps.length);
  const edges = trans._n('%1 edge', '%1 edges', analysis.edges.length);
  const findings = trans._n('%1 finding', '%1 findings', analysis.findings.length);
  return `${steps}, ${edges}, ${findings}`;
}
