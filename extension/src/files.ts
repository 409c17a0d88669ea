/** The paths of a package as a tree of folders. */

export interface INode {
  name: string;
  path: string;
  /** Null for a file. */
  children: INode[] | null;
}

/** The tree of files; folders come before files, and both are sorted. */
export function treeOf(files: readonly { path: string }[]): INode[] {
  const top: INode[] = [];
  for (const { path } of files) {
    const parts = path.split('/');
    let level = top;
    parts.forEach((name, i) => {
      const here = parts.slice(0, i + 1).join('/');
      if (i === parts.length - 1) {
        level.push({ name, path: here, children: null });
        return;
      }
      let folder = level.find(node => node.children && node.name === name);
      if (!folder) {
        folder = { name, path: here, children: [] };
        level.push(folder);
      }
      level = folder.children ?? [];
    });
  }
  return sorted(top);
}

function sorted(nodes: INode[]): INode[] {
  for (const node of nodes) {
    node.children = node.children && sorted(node.children);
  }
  return nodes.sort(
    (a, b) =>
      Number(a.children === null) - Number(b.children === null) ||
      (a.name < b.name ? -1 : 1)
  );
}
