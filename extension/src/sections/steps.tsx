/** The steps: their cells, and what each takes and gives. */

import * as React from 'react';

import { colourOf } from '../colours';
import { ISectionProps, Place, Section } from '../parts';
import { bytes } from '../running/amounts';
import { Taken } from './taken';

export function StepsSection(
  props: ISectionProps & { chosen: string | null }
): React.ReactElement {
  const { analysis, session, actions, trans, chosen } = props;
  return (
    <Section name={trans.__('Steps')} count={analysis.steps.length}>
      <ul className="jp-nb2pipe-steps">
        {analysis.steps.map((step, i) => (
          <li
            key={step.name}
            className={`jp-nb2pipe-step jp-nb2pipe-colour-${colourOf(i)}${
              chosen === step.name ? ' jp-mod-chosen' : ''
            }`}
          >
            <p>
              <b>{step.name}</b>{' '}
              {step.cells.map(cell => (
                <Place key={cell} {...{ session, actions, trans }} cell={cell} />
              ))}
            </p>
            <Taken outcome={session.runs.outcome(step.name)} trans={trans} />
            <dl>
              <Names name={trans.__('takes')} names={step.inputs} from={step.producers} />
              <Names name={trans.__('parameters')} names={step.parameters} />
              <Names
                name={trans.__('gives')}
                names={step.outputs}
                sizes={session.runs.outcome(step.name)?.sizes}
              />
              <Names
                name={trans.__('asks for')}
                names={Object.entries(step.requirements).map(
                  ([key, value]) => `${key} ${String(value)}`
                )}
              />
            </dl>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Names(props: {
  name: string;
  names: string[];
  from?: Record<string, string>;
  sizes?: Record<string, number>;
}): React.ReactElement | null {
  if (props.names.length === 0) {
    return null;
  }
  return (
    <>
      <dt>{props.name}</dt>
      <dd>
        {props.names.map(name => (
          <code
            key={name}
            title={
              props.from && Object.hasOwn(props.from, name) ? props.from[name] : undefined
            }
          >
            {name}
            {props.sizes && Object.hasOwn(props.sizes, name)
              ? ` ${bytes(props.sizes[name])}`
              : ''}
          </code>
        ))}
      </dd>
    </>
  );
}
