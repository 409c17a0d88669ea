/** What the panel says of a notebook that is one step of a run: it is no pipeline of its own. */

import { PathExt } from '@jupyterlab/coreutils';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IActions } from '../parts';
import { IOpened } from '../running/opened';
import { Session } from '../session';

export function OpenedStep(props: {
  session: Session;
  opened: IOpened;
  actions: IActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { session, opened, actions, trans } = props;
  const name = opened.notebook.split(/[\\/]/).pop() ?? '';
  return (
    <div className="jp-nb2pipe-openedStep">
      <p>
        <b>{trans.__('Step %1 of run %2', opened.step, opened.run)}</b>
      </p>
      <p>
        {trans.__(
          'The first cell loads what the step took. What is mended here is to be mended in %1 too; the run goes on from there.',
          name
        )}
      </p>
      <p>
        <button
          type="button"
          className="jp-mod-accept"
          onClick={() => actions.open(PathExt.join(PathExt.dirname(session.path), name))}
        >
          {trans.__('Go to %1', name)}
        </button>
      </p>
    </div>
  );
}
