// The body, exactly as it was received. A field for text makes every line end the same, which would hide the fault that one looks for: so
// what is pasted, or is a file, is kept beside the field as it came, until somebody types in it.

import { useRef, useState } from 'preact/hooks';

import { bytes } from '../../../format/numbers';
import { t } from '../../../texts';
import { Button } from '../../../ui/button';
import { Field } from '../../../ui/field';

export interface Body {
  /** Exactly. */
  text: string;
  /** Where it came from, if the field can't show it as it is. */
  kept: 'pasted' | 'file' | null;
}

interface BodyFieldProps {
  value: Body;
  onValue: (body: Body) => void;
  error: string | null;
}

export function BodyField({ value, onValue, error }: BodyFieldProps) {
  const file = useRef<HTMLInputElement>(null);
  const [isUnreadable, setUnreadable] = useState(false);
  const put = (body: Body) => {
    setUnreadable(false);
    onValue(body);
  };
  const paste = (event: ClipboardEvent) => {
    const field = event.currentTarget as HTMLTextAreaElement;
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    const isWhole = field.selectionStart === 0 && field.selectionEnd === field.value.length;
    if (!isWhole || !pasted.includes('\r')) return;
    event.preventDefault();
    put({ text: pasted, kept: 'pasted' });
  };
  const read = async () => {
    const chosen = file.current?.files?.[0];
    if (!chosen) return;
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await chosen.arrayBuffer());
      put({ text, kept: 'file' });
    } catch {
      setUnreadable(true);
    }
    if (file.current) file.current.value = '';
  };
  const size = new TextEncoder().encode(value.text).length;
  return (
    <Field
      label={t('doctor.body')}
      error={isUnreadable ? t('doctor.notUtf8') : error}
      hint={value.kept ? t(value.kept === 'file' ? 'doctor.keptFile' : 'doctor.keptPasted') : t('doctor.bodyHint')}
    >
      {(attributes) => (
        <>
          <textarea
            {...attributes}
            class="doctor-body"
            rows={9}
            spellcheck={false}
            autocomplete="off"
            value={value.text}
            onPaste={paste}
            onInput={(event) => put({ text: event.currentTarget.value, kept: null })}
          />
          <div class="row">
            <Button small onClick={() => file.current?.click()}>
              {t('doctor.file')}
            </Button>
            <input ref={file} type="file" hidden onChange={() => void read()} />
            {value.text && <span class="soft number doctor-small">{bytes(size)}</span>}
          </div>
        </>
      )}
    </Field>
  );
}
