/** The versions of the notebook's package: what each changed, compared, and taken back. */

import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IActions, Section } from '../parts';
import { Session } from '../session';
import { sentence, wordsOfKind } from '../words';
import { Diff } from './compiled';

export function VersionsSection(props: {
  session: Session;
  actions: IActions;
  trans: TranslationBundle;
}): React.ReactElement {
  const { session, trans } = props;
  const { versions, difference } = session;
  return (
    <Section name={trans.__('Versions')} count={versions?.versions.length}>
      {versions === null ? (
        <button
          type="button"
          onClick={() => void session.listVersions().catch(() => undefined)}
        >
          {trans.__('List the versions')}
        </button>
      ) : versions.versions.length === 0 ? (
        <p className="jp-nb2pipe-quiet">{trans.__('It was never compiled.')}</p>
      ) : (
        <ul className="jp-nb2pipe-versions">
          {versions.versions.map(version => (
            <li key={version.version}>
              <p>
                <b>{version.version}</b> {wordsOfKind(version.kind, trans)}
                {version.current && ` · ${trans.__('current')}`}
              </p>
              {version.kind !== 'first' && (
                <ul>
                  {version.changes.map((line, i) => (
                    <li key={i}>{sentence(line, version.said[i], trans)}</li>
                  ))}
                </ul>
              )}
              {!version.current && (
                <p className="jp-nb2pipe-fixes">
                  <button
                    type="button"
                    aria-label={trans.__(
                      'Compare %1 with the current one',
                      version.version
                    )}
                    onClick={() =>
                      void session.compare(
                        version.version,
                        versions.versions.find(v => v.current)?.version ?? ''
                      )
                    }
                  >
                    {trans.__('Compare')}
                  </button>
                  <button
                    type="button"
                    aria-label={trans.__('Let %1 be the current one', version.version)}
                    onClick={() => void session.rollBack(version.version)}
                  >
                    {trans.__('Go back to it')}
                  </button>
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      {difference && (
        <div>
          <p>
            <b>{trans.__('From %1 to %2', difference.from, difference.to)}</b>
          </p>
          <ul>
            {difference.changes.map((change, i) => (
              <li key={i}>{sentence(change.text, change.said, trans)}</li>
            ))}
          </ul>
          {difference.code.map(code => (
            <Diff key={`${code.of}-${code.name}`} name={code.name} lines={code.diff} />
          ))}
        </div>
      )}
    </Section>
  );
}
