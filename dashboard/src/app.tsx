// The page: what it needs around it, and who may see it.

import { QueryClientProvider } from '@tanstack/preact-query';
import { render } from 'preact';
import { Router, type AroundNavHandler } from 'wouter-preact';

import { queryClient } from './api/queries';
import { Shell } from './layout/shell';
import { SignIn } from './layout/sign-in';
import { loadAll, Routes } from './routes';
import { session } from './session';
import { language } from './texts';

/** When the rest of the page is loaded (ms): not before what is looked at first. */
const LOAD_ALL_AFTER = 2000;

interface Props {
  base: string;
  embedded: boolean;
  /** Goes to another page, where that needs more than to go there. */
  go?: AroundNavHandler;
}

function App({ base, embedded, go }: Props) {
  if (!session.started.value && session.ended.value) return <SignIn />;
  return (
    <QueryClientProvider client={queryClient}>
      <Router base={base} aroundNav={go}>
        <Shell embedded={embedded} key={language.value}>
          <Routes />
        </Shell>
      </Router>
    </QueryClientProvider>
  );
}

/** Where on the page everything stands. */
export function place(): HTMLElement {
  const element = document.getElementById('app');
  if (!element) throw new Error('the page has no place for the dashboard');
  return element;
}

/** Shows the page under this path. */
export function start(base: string, embedded: boolean, go?: AroundNavHandler): void {
  // Whoever isn't signed in sees that at once, whatever the page asks for. If that can't be known now, calls will tell.
  session.token().catch(() => undefined);
  render(<App base={base} embedded={embedded} go={go} />, place());
  setTimeout(() => void loadAll(), LOAD_ALL_AFTER);
}
