/** The side panel: what the notebook in front is as a pipeline, and what can be done with it. */

import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { pipelineIcon } from './icons';
import { Contents } from './contents';
import { IActions } from './parts';
import { Session } from './session';

export class PipelinePanel extends ReactWidget {
  constructor(
    private readonly actions: IActions,
    private readonly languages: IEditorLanguageRegistry | null,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'nb2pipe-panel';
    this.title.icon = pipelineIcon;
    this.title.caption = trans.__('Pipeline');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pipeline'));
    this.addClass('jp-nb2pipe-panel');
  }

  /** The session that is shown, of the notebook in front. */
  get session(): Session | null {
    return this._session;
  }

  set session(session: Session | null) {
    if (session === this._session) {
      return;
    }
    this._session?.changed.disconnect(this.onChanged, this);
    this._session = session;
    session?.changed.connect(this.onChanged, this);
    this.onChanged();
  }

  dispose(): void {
    this.session = null;
    super.dispose();
  }

  protected onAfterShow(): void {
    this.update();
  }

  protected render(): React.ReactElement {
    const session = this._session;
    if (!session || session.isDisposed) {
      return (
        <p className="jp-nb2pipe-quiet">
          {this.trans.__('Open a notebook to see it as a pipeline.')}
        </p>
      );
    }
    return (
      <Contents
        key={session.panel.id}
        session={session}
        actions={this.actions}
        languages={this.languages}
        trans={this.trans}
      />
    );
  }

  private onChanged(): void {
    const findings = this._session?.analysis?.findings ?? [];
    const grave = findings.filter(f => f.severity !== 'info').length;
    const { trans } = this;
    const others = { ...this.title.dataset };
    delete others['nb2pipe-count'];
    this.title.dataset = grave > 0 ? { ...others, 'nb2pipe-count': String(grave) } : others;
    this.title.caption =
      grave > 0
        ? trans._n('Pipeline: %1 finding', 'Pipeline: %1 findings', grave)
        : trans.__('Pipeline');
    if (this.isVisible) {
      this.update();
    }
  }

  private _session: Session | null = null;
}
