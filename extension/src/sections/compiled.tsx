/** What compiling wrote: the files of the package, one of them with its code, and the version that it is. */

import { IEditorLanguageRegistry } from '@jupyterlab/codemirror';
import { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { IActions, Section } from '../parts';
import { treeOf, INode } from '../files';
import { ICompiled, IFile } from '../protocol';
import { Session } from '../session';
import { sentence, wordsOfKind } from '../words';

export function CompiledSection(props: {
  session: Session;
  compiled: ICompiled;
  actions: IActions;
  languages: IEditorLanguageRegistry | null;
  trans: TranslationBundle;
}): React.ReactElement {
  const { session, compiled, actions, trans, languages } = props;
  const first =
    compiled.files.find(file => file.path.endsWith('/steps.py')) ??
    compiled.files.find(file => file.path.endsWith('.py')) ??
    compiled.files[0];
  const [path, setPath] = React.useState(first?.path ?? '');
  const file = compiled.files.find(f => f.path === path) ?? first;
  const { version } = compiled;
  const { reveal } = actions;
  return (
    <Section name={trans.__('Package')} open>
      <p>
        <b>
          {compiled.name} {version.number}
        </b>{' '}
        {version.kind === null
          ? trans.__('nothing has changed')
          : wordsOfKind(version.kind, trans)}
        {' · '}
        {sentence(compiled.summary, compiled.said, trans)}
      </p>
      {version.changes.length > 0 && version.kind !== 'first' && (
        <ul>
          {version.changes.map((line, i) => (
            <li key={i}>{sentence(line, version.said[i], trans)}</li>
          ))}
        </ul>
      )}
      {session.difference && version.since && (
        <details>
          <summary>{trans.__('The code that changed since %1', version.since)}</summary>
          {session.difference.code.map(code => (
            <Diff key={`${code.of}-${code.name}`} name={code.name} lines={code.diff} />
          ))}
        </details>
      )}
      {compiled.findings.map((found, i) => (
        <p key={i} className="jp-nb2pipe-help">
          {found.code} {sentence(found.message, found.said.message, trans)}
        </p>
      ))}
      {reveal && (
        <p>
          <button
            type="button"
            className="jp-nb2pipe-place"
            onClick={() => reveal(compiled.folder)}
          >
            {trans.__('Show the folder %1', compiled.folder)}
          </button>
        </p>
      )}
      <div
        className="jp-nb2pipe-tree"
        role="group"
        aria-label={trans.__('Files of the package')}
      >
        <Folder nodes={treeOf(compiled.files)} chosen={file?.path ?? ''} choose={setPath} />
      </div>
      {file && <Code file={file} languages={languages} trans={trans} />}
    </Section>
  );
}

function Folder(props: {
  nodes: INode[];
  chosen: string;
  choose: (path: string) => void;
}): React.ReactElement {
  const { nodes, chosen, choose } = props;
  return (
    <ul>
      {nodes.map(node => (
        <li key={node.path}>
          {node.children ? (
            <details open={chosen.startsWith(`${node.path}/`)}>
              <summary>{node.name}</summary>
              <Folder nodes={node.children} chosen={chosen} choose={choose} />
            </details>
          ) : (
            <button
              type="button"
              aria-pressed={chosen === node.path}
              onClick={() => choose(node.path)}
            >
              {node.name}
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function Code(props: {
  file: IFile;
  languages: IEditorLanguageRegistry | null;
  trans: TranslationBundle;
}): React.ReactElement {
  const { file, languages, trans } = props;
  const place = React.useRef<HTMLPreElement>(null);
  React.useEffect(() => {
    const element = place.current;
    if (!element) {
      return;
    }
    const text = file.text ?? '';
    element.textContent = text;
    const language = languages?.findByFileName(file.path) ?? null;
    if (!languages || !language || !text) {
      return;
    }
    // It is put together aside, for another file may be chosen meanwhile.
    const aside = document.createElement('pre');
    let wanted = true;
    languages
      .getLanguage(language)
      .then(found => languages.highlight(text, found, aside))
      .then(
        () => {
          if (wanted && aside.childNodes.length > 0) {
            element.replaceChildren(...aside.childNodes);
          }
        },
        () => undefined
      );
    return () => {
      wanted = false;
    };
  }, [file, languages]);
  return (
    <figure className="jp-nb2pipe-file">
      <figcaption>{file.path}</figcaption>
      {file.text === null ? (
        <p className="jp-nb2pipe-quiet">
          {trans.__('%1 bytes, which are not shown.', file.size)}
        </p>
      ) : (
        <pre ref={place} tabIndex={0} aria-label={file.path} />
      )}
    </figure>
  );
}

export function Diff(props: { name: string; lines: string[] }): React.ReactElement {
  return (
    <figure className="jp-nb2pipe-file">
      <figcaption>{props.name}</figcaption>
      <pre tabIndex={0}>
        {props.lines.map((line, i) => (
          <span
            key={i}
            className={
              line.startsWith('+')
                ? 'jp-mod-added'
                : line.startsWith('-')
                  ? 'jp-mod-gone'
                  : undefined
            }
          >
            {`${line}\n`}
          </span>
        ))}
      </pre>
    </figure>
  );
}
