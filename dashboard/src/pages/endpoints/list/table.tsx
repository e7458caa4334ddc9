// The endpoints as rows: moved through by keys, and selected.

import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';
import { useLocation } from 'wouter-preact';

import type { ListedEndpoint } from '../../../api/client';
import { useShortcut } from '../../../layout/keyboard';
import { t } from '../../../texts';
import { disableAfterQuery } from './queries';
import { Row } from './row';

interface TableProps {
  endpoints: ListedEndpoint[];
  selected: ReadonlySet<string>;
  onSelected: (selected: ReadonlySet<string>) => void;
}

export function Table({ endpoints, selected, onSelected }: TableProps) {
  const [, go] = useLocation();
  const [activeId, setActive] = useState('');
  const failing = endpoints.find((one) => one.consecutiveFailures > 0);
  const disableAfter = useQuery({ ...disableAfterQuery(failing?.id ?? ''), enabled: failing !== undefined });
  const active = endpoints.findIndex((one) => one.id === activeId);
  const here = endpoints[active];
  const move = (by: number) => {
    const next = endpoints[Math.min(endpoints.length - 1, Math.max(0, active + by))];
    if (!next) return;
    setActive(next.id);
    document.querySelector<HTMLElement>(`[data-id="${next.id}"] .endpoints-name`)?.focus();
  };
  const select = (id: string, is: boolean) => {
    const next = new Set(selected);
    if (is) next.add(id);
    else next.delete(id);
    onSelected(next);
  };
  useShortcut('j', t('endpoints.next'), () => move(1));
  useShortcut('k', t('endpoints.previous'), () => move(-1));
  useShortcut('x', t('endpoints.selectHere'), () => here && select(here.id, !selected.has(here.id)));
  useShortcut('o', t('endpoints.open'), () => here && go(`/endpoints/${here.id}`));
  useShortcut('Enter', t('endpoints.open'), () => here && go(`/endpoints/${here.id}`));
  const chosen = endpoints.filter((one) => selected.has(one.id)).length;
  const isAll = chosen === endpoints.length;
  return (
    <table class="table endpoints-table">
      <thead>
        <tr>
          <td class="endpoints-check">
            <input
              type="checkbox"
              aria-label={t('endpoints.selectAll')}
              checked={isAll}
              indeterminate={chosen > 0 && !isAll}
              onChange={() => onSelected(new Set(isAll ? [] : endpoints.map((one) => one.id)))}
            />
          </td>
          <th scope="col">{t('endpoints.endpoint')}</th>
          <th scope="col">{t('endpoints.state')}</th>
          <th scope="col">{t('endpoints.day')}</th>
          <th scope="col" class="endpoints-figure">
            {t('endpoints.success')}
          </th>
          <th scope="col" class="endpoints-figure">
            {t('endpoints.p95')}
          </th>
          <th scope="col" class="endpoints-figure">
            {t('endpoints.queue')}
          </th>
        </tr>
      </thead>
      <tbody>
        {endpoints.map((endpoint) => (
          <Row
            key={endpoint.id}
            endpoint={endpoint}
            isSelected={selected.has(endpoint.id)}
            isActive={endpoint.id === activeId}
            disableAfter={disableAfter.data}
            onSelect={(is) => select(endpoint.id, is)}
          />
        ))}
      </tbody>
    </table>
  );
}
