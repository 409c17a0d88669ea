/** What the sections of the panel are made of. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IAnalysis, IEdge, INote } from './protocol';
import { Session } from './session';
import { sentence } from './words';

/** What the panel may ask of the application. */
export interface IActions {
  /** Go to a cell, by its position in the analysis, and to a line of it. */
  goTo(session: Session, cell: number, line?: number): void;
  /** Light up the lines that an edge is there for, or none. */
  light(session: Session, edge: IEdge | null): void;
  /** Open a file of the server. */
  open(path: string): void;
  /** Show a folder of the server in the file browser; null where there is none. */
  reveal: ((path: string) => void) | null;
}

export interface ISectionProps {
  session: Session;
  analysis: IAnalysis;
  actions: IActions;
  trans: TranslationBundle;
}

/** A part of the panel that can be folded. */
export function Section(props: {
  name: string;
  count?: number;
  open?: boolean;
  children: React.ReactNode;
}): React.ReactElement {
  return (
    <details className="jp-nb2pipe-section" open={props.open}>
      <summary>
        {props.name}
        {props.count !== undefined && (
          <span className="jp-nb2pipe-count">{props.count}</span>
        )}
      </summary>
      <div className="jp-nb2pipe-inside">{props.children}</div>
    </details>
  );
}

/** What the user should know of what was done. */
export function Notes(props: {
  of: readonly INote[];
  trans: TranslationBundle;
}): React.ReactElement {
  return (
    <>
      {props.of.map((note, i) => (
        <p key={i} className="jp-nb2pipe-help">
          {sentence(note.text, note.said, props.trans)}
        </p>
      ))}
    </>
  );
}

/** A place in the notebook, to go to. */
export function Place(props: {
  session: Session;
  actions: IActions;
  trans: TranslationBundle;
  cell: number;
  line?: number | null;
}): React.ReactElement {
  const { session, actions, trans, cell, line } = props;
  return (
    <button
      type="button"
      className="jp-nb2pipe-place"
      onClick={() => actions.goTo(session, cell, line ?? undefined)}
    >
      {line ? trans.__('cell %1, line %2', cell + 1, line) : trans.__('cell %1', cell + 1)}
    </button>
  );
}
