// Rows that are added and removed: headers, and conditions.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { t } from '../../../texts';
import { Advice } from '../../../ui/advice';
import { Button } from '../../../ui/button';
import { PlusIcon, TrashIcon } from '../../../ui/icons';
import type { FilterRow, HeaderRow, Operator } from './value';

interface RowsProps<T> {
  title: string;
  hint: ComponentChildren;
  /** What is wrong with them in all. */
  error: string | null;
  /** What is wrong with one of them. */
  faultOf: (row: T, index: number) => string | null;
  rows: T[];
  onRows: (rows: T[]) => void;
  /** A new row. */
  fresh: T;
  add: string;
  most: number;
  children: (row: T, change: (part: Partial<T>) => void, number: number) => ComponentChildren;
}

function Rows<T>({ title, hint, error, faultOf, rows, onRows, fresh, add, most, children }: RowsProps<T>) {
  const id = useId();
  const faults = rows.map(faultOf);
  return (
    <fieldset class="subscription-rows">
      <legend>{title}</legend>
      <p class="hint">{hint}</p>
      {rows.map((row, index) => (
        <div class="subscription-row" key={index} role="group" aria-label={`${title} ${index + 1}`} aria-describedby={faults[index] ? `${id}-${index}` : undefined}>
          {children(row, (part) => onRows(rows.map((one, at) => (at === index ? { ...one, ...part } : one))), index + 1)}
          <Button
            kind="quiet"
            icon={<TrashIcon size={16} />}
            aria-label={t('new.removeRow', { what: title, number: index + 1 })}
            onClick={() => onRows(rows.filter((_, at) => at !== index))}
          />
          {faults[index] && (
            <p class="subscription-fault" id={`${id}-${index}`}>
              <Advice text={faults[index]} />
            </p>
          )}
        </div>
      ))}
      {error && !faults.some(Boolean) && <p class="subscription-fault">{error}</p>}
      {rows.length < most && (
        <Button small icon={<PlusIcon size={15} />} onClick={() => onRows([...rows, fresh])}>
          {add}
        </Button>
      )}
    </fieldset>
  );
}

interface FieldRows<T> {
  rows: T[];
  onRows: (rows: T[]) => void;
  /** What is wrong with a field, by its path. */
  fault: (field: string) => string | null;
}

export function Headers({ rows, onRows, fault }: FieldRows<HeaderRow>) {
  const faultOfRow = ({ name }: HeaderRow) => (name.trim() ? fault(`headers.${name.trim()}`) : null);
  return (
    <Rows
      title={t('new.headers')}
      hint={t('new.headersHint')}
      error={fault('headers')}
      faultOf={faultOfRow}
      rows={rows}
      onRows={onRows}
      fresh={{ name: '', value: '' }}
      add={t('new.addHeader')}
      most={20}
    >
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

export function Filters({ rows, onRows, fault }: FieldRows<FilterRow>) {
  const fresh: FilterRow = { pointer: '/', operator: 'equals', value: '' };
  return (
    <Rows
      title={t('new.filters')}
      hint={t('new.filtersHint')}
      error={fault('filters')}
      faultOf={(_, index) => fault(`filters[${index}]`)}
      rows={rows}
      onRows={onRows}
      fresh={fresh}
      add={t('new.addFilter')}
      most={5}
    >
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
