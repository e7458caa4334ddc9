// Rows that are added and removed: headers, and conditions.

import type { ComponentChildren } from 'preact';

import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { PlusIcon, TrashIcon } from '../../../ui/icons';
import type { FilterRow, HeaderRow, Operator } from './value';

interface RowsProps<T> {
  title: string;
  hint: ComponentChildren;
  error: string | null;
  rows: T[];
  onRows: (rows: T[]) => void;
  /** A new row. */
  fresh: T;
  add: string;
  most: number;
  children: (row: T, change: (part: Partial<T>) => void, number: number) => ComponentChildren;
}

function Rows<T>({ title, hint, error, rows, onRows, fresh, add, most, children }: RowsProps<T>) {
  return (
    <fieldset class="subscription-rows">
      <legend>{title}</legend>
      <p class="hint">{hint}</p>
      {rows.map((row, index) => (
        <div class="subscription-row" key={index}>
          {children(row, (part) => onRows(rows.map((one, at) => (at === index ? { ...one, ...part } : one))), index + 1)}
          <Button
            kind="quiet"
            icon={<TrashIcon size={16} />}
            aria-label={t('new.removeRow', { what: title, number: index + 1 })}
            onClick={() => onRows(rows.filter((_, at) => at !== index))}
          />
        </div>
      ))}
      {error && <p class="subscription-fault">{error}</p>}
      {rows.length < most && (
        <Button small icon={<PlusIcon size={15} />} onClick={() => onRows([...rows, fresh])}>
          {add}
        </Button>
      )}
    </fieldset>
  );
}

export function Headers({ rows, onRows, error }: { rows: HeaderRow[]; onRows: (rows: HeaderRow[]) => void; error: string | null }) {
  return (
    <Rows title={t('new.headers')} hint={t('new.headersHint')} error={error} rows={rows} onRows={onRows} fresh={{ name: '', value: '' }} add={t('new.addHeader')} most={20}>
      {(row, change, number) => (
        <>
          <input
            aria-label={t('new.headerName', { number })}
            placeholder="Authorization"
            value={row.name}
            readOnly={row.value === null}
            onInput={(event) => change({ name: event.currentTarget.value })}
          />
          {row.value === null ? (
            <span class="subscription-hidden">
              {t('new.hiddenValue')}
              <Button small kind="quiet" onClick={() => change({ value: '' })}>
                {t('new.replaceValue')}
              </Button>
            </span>
          ) : (
            <input
              aria-label={t('new.headerValue', { number })}
              value={row.value}
              autocomplete="off"
              spellcheck={false}
              onInput={(event) => change({ value: event.currentTarget.value })}
            />
          )}
        </>
      )}
    </Rows>
  );
}

const OPERATORS: Operator[] = ['equals', 'prefix', 'in', 'exists', 'absent'];

export function Filters({ rows, onRows, error }: { rows: FilterRow[]; onRows: (rows: FilterRow[]) => void; error: string | null }) {
  const fresh: FilterRow = { pointer: '/', operator: 'equals', value: '' };
  return (
    <Rows title={t('new.filters')} hint={t('new.filtersHint')} error={error} rows={rows} onRows={onRows} fresh={fresh} add={t('new.addFilter')} most={5}>
      {(row, change, number) => (
        <>
          <input
            class="mono"
            aria-label={t('new.filterPointer', { number })}
            placeholder="/lead/source"
            value={row.pointer}
            spellcheck={false}
            onInput={(event) => change({ pointer: event.currentTarget.value })}
          />
          <select
            aria-label={t('new.filterOperator', { number })}
            value={row.operator}
            onChange={(event) => change({ operator: event.currentTarget.value as Operator })}
          >
            {OPERATORS.map((operator) => (
              <option key={operator} value={operator}>
                {t(`new.operator.${operator}`)}
              </option>
            ))}
          </select>
          {row.operator !== 'exists' && row.operator !== 'absent' && (
            <input
              class="mono"
              aria-label={t('new.filterValue', { number })}
              placeholder={row.operator === 'in' ? '"web", "ads", 3' : 'web'}
              value={row.value}
              spellcheck={false}
              onInput={(event) => change({ value: event.currentTarget.value })}
            />
          )}
        </>
      )}
    </Rows>
  );
}
