// Code that verifies signatures, in the languages of receivers, to copy.

import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import { recall, remember } from '../storage';
import { t } from '../texts';
import { Code } from '../ui/code';
import { Tabs } from '../ui/menu';
import { ErrorNote, Skeleton } from '../ui/parts';
import './snippets.css';

const LANGUAGES = { node: 'Node', python: 'Python', php: 'PHP', go: 'Go', ruby: 'Ruby', rust: 'Rust' };
type Language = keyof typeof LANGUAGES;

const CHOSEN = 'snippets-language';

function chosenBefore(): Language {
  const chosen = recall(CHOSEN);
  return chosen !== null && Object.hasOwn(LANGUAGES, chosen) ? (chosen as Language) : 'node';
}

/** The language that was looked at last is shown the next time. */
export function VerificationCode() {
  const [shown, setShown] = useState(chosenBefore);
  const show = (language: Language) => {
    setShown(language);
    remember(CHOSEN, language);
  };
  const names = Object.keys(LANGUAGES) as Language[];
  const tabs = names.map((id) => ({ id, label: LANGUAGES[id], content: () => <Snippet of={id} /> }));
  return (
    <div class="verification-code">
      <p>{t('snippets.lead')}</p>
      <Tabs label={t('snippets.languages')} tabs={tabs} shown={shown} onShow={show} />
    </div>
  );
}

const sourcesQuery = {
  queryKey: ['snippets'],
  queryFn: async () => (await import('./sources')).default,
  staleTime: Infinity,
};

function Snippet({ of }: { of: Language }) {
  const sources = useQuery(sourcesQuery);
  if (sources.data) return <Code text={sources.data[of]} label={t('snippets.label', { language: LANGUAGES[of] })} />;
  if (sources.error) return <ErrorNote error={sources.error} onRetry={() => void sources.refetch()} />;
  return <Skeleton lines={12} />;
}
