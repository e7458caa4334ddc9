// The page: what it needs around it, and who may see it.

import { QueryClientProvider } from '@tanstack/preact-query';
import { render } from 'preact';
import { Router } from 'wouter-preact';

import { queryClient } from './api/queries';
import { Shell } from './layout/shell';
import { SignIn } from './layout/sign-in';
import { Routes } from './routes';
import { session } from './session';
import { language } from './texts';

function App({ base, embedded }: { base: string; embedded: boolean }) {
  if (!session.started.value && session.ended.value) return <SignIn />;
  return (
    <QueryClientProvider client={queryClient}>
      <Router base={base}>
        <Shell embedded={embedded} key={language.value}>
          <Routes />
        </Shell>
      </Router>
    </QueryClientProvider>
  );
}

/** Shows the page under this path. */
export function start(base: string, embedded: boolean): void {
  const element = document.getElementById('app');
  if (!element) throw new Error('the page has no place for the dashboard');
  void session.token();
  render(<App base={base} embedded={embedded} />, element);
}
