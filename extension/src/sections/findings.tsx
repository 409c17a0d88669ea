/** The findings: each with its places, its reason, and what mends it. */

import * as React from 'react';

import { ISectionProps, Place, Section } from '../parts';
import { IFinding } from '../protocol';
import { sentence, wordsOf } from '../words';

const ORDER = { error: 0, warning: 1, info: 2 };

export function FindingsSection(props: ISectionProps): React.ReactElement {
  const { analysis, trans } = props;
  const findings = [...analysis.findings].sort(
    (a, b) => ORDER[a.severity] - ORDER[b.severity]
  );
  return (
    <Section name={trans.__('Findings')} count={findings.length} open>
      {findings.length === 0 ? (
        <p className="jp-nb2pipe-quiet">{trans.__('Nothing to mend.')}</p>
      ) : (
        <ul className="jp-nb2pipe-findings">
          {findings.map((finding, i) => (
            <Finding key={`${finding.code}-${i}`} finding={finding} {...props} />
          ))}
        </ul>
      )}
    </Section>
  );
}

function Finding(props: ISectionProps & { finding: IFinding }): React.ReactElement {
  const { finding, session, actions, trans } = props;
  const severity = {
    error: trans.__('error'),
    warning: trans.__('warning'),
    info: trans.__('note')
  }[finding.severity];
  return (
    <li className={`jp-nb2pipe-finding jp-mod-${finding.severity}`}>
      <p>
        <span className="jp-nb2pipe-code">
          {finding.code} {severity}
        </span>{' '}
        {sentence(finding.message, finding.said.message, trans)}
      </p>
      <p>
        {finding.cell === null ? (
          trans.__('the whole notebook')
        ) : (
          <Place {...{ session, actions, trans }} cell={finding.cell} line={finding.line} />
        )}
        {finding.sites.map((site, i) => (
          <React.Fragment key={i}>
            {' · '}
            {sentence(site.label, site.said, trans)}{' '}
            {site.cell >= 0 && (
              <Place {...{ session, actions, trans }} cell={site.cell} line={site.line} />
            )}
          </React.Fragment>
        ))}
      </p>
      {(finding.why || finding.hint) && (
        <details>
          <summary>{trans.__('Why, and what to do')}</summary>
          {finding.why && <p>{sentence(finding.why, finding.said.why, trans)}</p>}
          {finding.hint && <p>{sentence(finding.hint, finding.said.hint, trans)}</p>}
        </details>
      )}
      {finding.fixes.length > 0 && (
        <p className="jp-nb2pipe-fixes">
          {finding.fixes.map((fix, i) => {
            const words = wordsOf(fix, trans);
            return (
              <button key={i} type="button" onClick={() => session.fix(fix, words.done)}>
                {words.offer}
              </button>
            );
          })}
        </p>
      )}
    </li>
  );
}
