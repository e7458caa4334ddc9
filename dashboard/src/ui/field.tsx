// Fields of forms: a label, a hint, and the fault in words beside the field.

import type { ComponentChildren, JSX } from 'preact';
import { useId } from 'preact/hooks';

interface FieldProps {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  /** Gets the attributes that tie the input to its label, hint and fault. */
  children: (attributes: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: boolean }) => ComponentChildren;
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [hint ? `${id}-hint` : null, error ? `${id}-error` : null].filter(Boolean).join(' ');
  return (
    <div class={`field${error ? ' wrong' : ''}`}>
      <label for={id}>{label}</label>
      {children({ id, 'aria-describedby': described || undefined, 'aria-invalid': error ? true : undefined })}
      {error && (
        <p class="fault" id={`${id}-error`}>
          {error}
        </p>
      )}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

type InputProps = Omit<JSX.HTMLAttributes<HTMLInputElement>, 'label'> & {
  label: string;
  hint?: ComponentChildren;
  error?: string | null;
  value: string;
  onValue: (value: string) => void;
  type?: string;
  placeholder?: string;
  autocomplete?: string;
  spellcheck?: boolean;
  maxLength?: number;
  required?: boolean;
  min?: number;
  max?: number;
};

/** A line of text. */
export function TextField({ label, hint, error, value, onValue, ...rest }: InputProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(attributes) => <input {...rest} {...attributes} value={value} onInput={(event) => onValue(event.currentTarget.value)} />}
    </Field>
  );
}

/** Whether something is so. */
export function Check({ label, checked, onChecked, hint }: { label: ComponentChildren; checked: boolean; onChecked: (is: boolean) => void; hint?: ComponentChildren }) {
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={(event) => onChecked(event.currentTarget.checked)} />
      <span>
        {label}
        {hint && <small>{hint}</small>}
      </span>
    </label>
  );
}

/** One of a few. */
export function Choice<T extends string>({ label, value, of, onValue }: { label: string; value: T; of: [T, string][]; onValue: (value: T) => void }) {
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {of.map(([one, name]) => (
        <label key={one} class={one === value ? 'chosen' : ''}>
          <input type="radio" checked={one === value} onChange={() => onValue(one)} />
          {name}
        </label>
      ))}
    </fieldset>
  );
}
