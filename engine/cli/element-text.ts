/** The page of an element class for a terminal. */

import type { ElementClass } from '../graph/element-class.ts';
import { renderTable } from './table.ts';

export function elementText(elementClass: ElementClass): string {
  const { className, version, ports, processing, flow, help, handlers, states, drops } = elementClass;
  return [
    `${className} ${version}    ports ${ports}    processing ${processing}    flow ${flow}`,
    help.trim(),
    ...section('Arguments', elementClass.arguments, (rows) =>
      renderTable(rows, [
        { head: 'name', cell: ({ name }) => name },
        { head: 'type', cell: ({ type }) => type },
        {
          head: 'kind',
          cell: ({ positional, type }) => (positional || type === 'rest' ? 'positional' : 'keyword'),
        },
        { head: 'default', cell: ({ mandatory, defaultText }) => (mandatory ? '(mandatory)' : defaultText) },
        { head: 'meaning', cell: (row) => row.help },
      ]),
    ),
    ...section('Handlers', handlers, (rows) =>
      renderTable(rows, [
        { head: 'name', cell: ({ name }) => name },
        {
          head: 'access',
          cell: ({ readable, parameter, writable }) =>
            `${readable ? 'r' : '-'}${parameter ? '+' : ''}${writable ? 'w' : '-'}`,
        },
        { head: 'merge', cell: ({ readable, merge }) => (readable ? merge : '') },
        { head: 'meaning', cell: (row) => row.help },
      ]),
    ),
    ...section('States', states, (rows) =>
      renderTable(rows, [
        { head: 'name', cell: ({ name }) => name },
        { head: 'kind', cell: ({ kind }) => kind },
        { head: 'schema', align: 'right', cell: ({ schema }) => schema.version },
        {
          head: 'fields',
          cell: ({ schema, key }) =>
            [...(key?.fields ?? []), ...schema.fields].map(({ name, type }) => `${name} ${type}`).join(', '),
        },
      ]),
    ),
    ...section('Drop reasons', drops, (rows) =>
      renderTable(rows, [
        { head: 'reason', cell: ({ name }) => name },
        { head: 'meaning', cell: (row) => row.help },
      ]),
    ),
  ].join('\n\n');
}

function section<T>(title: string, rows: readonly T[], render: (rows: readonly T[]) => string): string[] {
  return rows.length === 0 ? [] : [`${title}\n${render(rows)}`];
}
