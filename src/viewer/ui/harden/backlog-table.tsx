// The groups of the backlog as a table, hosts with their groups, each with what can be done about it.

import type { BacklogGroup } from '../../harden/backlog.ts';
import { updatePage } from '../kit/app-state.ts';
import { formatBytes, formatTime, formatUtc, plural } from '../kit/format.ts';
import type { ManageTarget } from '../kit/manage-target.ts';
import { SafeText } from '../kit/safe-text.tsx';
import { mayChange } from '../policy/change-state.ts';
import { askManage } from './ask-manage.ts';
import {
  type HostGroups,
  keyOf,
  narrowText,
  prefixText,
  queryOf,
  statusText,
} from './backlog-state.ts';
import { ignored, setIgnored } from './ignored.ts';

type TableProps = {
  readonly hosts: readonly HostGroups[];
  readonly selected: ReadonlySet<string>;
  readonly onSelect: (keys: readonly string[], on: boolean) => void;
  readonly since: string;
};

export function BacklogTable({ hosts, selected, onSelect, since }: TableProps) {
  return (
    <table class="backlog">
      <thead>
        <tr>
          <th scope="col" class="c-pick">
            <span class="unseen">Select</span>
          </th>
          <th scope="col">Method and path</th>
          <th scope="col">Agent</th>
          <th scope="col" class="num">
            Count
          </th>
          <th scope="col">Answers</th>
          <th scope="col" class="num">
            Sent / received
          </th>
          <th scope="col">First seen</th>
          <th scope="col">Last seen</th>
          <th scope="col">
            <span class="unseen">Actions</span>
          </th>
        </tr>
      </thead>
      {hosts.map((host) => (
        <HostRows
          key={host.host}
          host={host}
          selected={selected}
          onSelect={onSelect}
          since={since}
        />
      ))}
    </table>
  );
}

function HostRows(props: Omit<TableProps, 'hosts'> & { readonly host: HostGroups }) {
  const { host, selected, onSelect, since } = props;
  const keys = host.groups.map(keyOf);
  const all = keys.every((key) => selected.has(key));
  return (
    <tbody>
      <tr class="host-row">
        <td class="c-pick">
          <input
            type="checkbox"
            aria-label={`Select all of ${host.host}`}
            checked={all}
            onChange={() => onSelect(keys, !all)}
          />
        </td>
        <th scope="rowgroup" colSpan={2}>
          <SafeText text={host.host} />
        </th>
        <td class="num">
          <b>{host.count.toLocaleString('en')}</b>
        </td>
        <td colSpan={5} class="hint">
          {plural(host.groups.length, 'group')}
        </td>
      </tr>
      {host.groups.map((group) => (
        <GroupRow
          key={keyOf(group)}
          group={group}
          isSelected={selected.has(keyOf(group))}
          onSelect={onSelect}
          since={since}
        />
      ))}
    </tbody>
  );
}

function GroupRow(props: {
  readonly group: BacklogGroup;
  readonly isSelected: boolean;
  readonly onSelect: TableProps['onSelect'];
  readonly since: string;
}) {
  const { group, isSelected, onSelect, since } = props;
  const key = keyOf(group);
  const what = narrowText(group);
  const access = mayChange.value;
  const title = access.may_change ? '' : `Not possible from here: ${access.reason}`;
  const now = new Date();
  return (
    <tr class={isSelected ? 'picked' : ''}>
      <td class="c-pick">
        <input
          type="checkbox"
          aria-label={`Select ${what} of ${group.host}`}
          checked={isSelected}
          onChange={() => onSelect([key], !isSelected)}
        />
      </td>
      <td class="path mono">
        <SafeText text={group.method} />{' '}
        <SafeText text={group.prefix === '' ? `port ${group.port}` : prefixText(group.prefix)} />
        {group.port !== 443 && group.prefix !== '' && <span class="hint"> :{group.port}</span>}
      </td>
      <td>
        <SafeText text={group.agent || group.client} />
      </td>
      <td class="num">{group.count.toLocaleString('en')}</td>
      <td class="hint">
        {group.blocked > 0 && <span class="refused">refused {group.blocked} </span>}
        {statusText(group.statuses)}
      </td>
      <td class="num hint">
        {formatBytes(group.sent)} / {formatBytes(group.bytes)}
      </td>
      <td title={formatUtc(group.first)}>{formatTime(group.first, now).slice(0, 19)}</td>
      <td title={formatUtc(group.last)}>{formatTime(group.last, now).slice(0, 19)}</td>
      <td class="row-actions">
        <button
          type="button"
          class="small"
          disabled={!access.may_change}
          title={title}
          onClick={() => askManage('allow', targetOf(group))}
        >
          Allow
        </button>
        <button
          type="button"
          class="small"
          disabled={!access.may_change}
          title={title}
          onClick={() => askManage('block', targetOf(group))}
        >
          Block
        </button>
        <button
          type="button"
          class="small"
          title="Hide it in this browser"
          onClick={() => setIgnored(key, !ignored.value.has(key))}
        >
          {ignored.value.has(key) ? 'Show again' : 'Ignore'}
        </button>
        <button
          type="button"
          class="small"
          title="Show these requests in the log"
          onClick={() => updatePage({ view: 'log', q: queryOf(group, since), selection: null })}
        >
          Explain
        </button>
      </td>
    </tr>
  );
}

/** Suggests what the change of several groups at once suggests: this path and method alone. */
function targetOf({ host, port, agent, method, prefix }: BacklogGroup): ManageTarget {
  const name = host.includes(':') ? `[${host}]` : host;
  const url = prefix === '' ? '' : `https://${name}:${port}${prefix}`;
  return { host, port, agent, method, prefix, url, reason: '', class: '' };
}
