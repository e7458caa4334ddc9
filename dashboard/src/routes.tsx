// Which page an address shows. The overview is there at once; the others come when they are wanted, or when there is time, so that they
// are there even while the server is not.

import type { ComponentType } from 'preact';
import { lazy, Suspense } from 'preact/compat';
import { useErrorBoundary } from 'preact/hooks';
import { Route, Switch, useLocation } from 'wouter-preact';

import { NotFoundPage } from './pages/not-found';
import { OverviewPage } from './pages/overview';
import { t } from './texts';
import { Button } from './ui/button';
import { Card, Empty, Skeleton } from './ui/parts';

const loads: (() => Promise<unknown>)[] = [];

function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  loads.push(load);
  return lazy(async () => ({ default: await load() })) as unknown as ComponentType<P>;
}

const EndpointsPage = later(async () => (await import('./pages/endpoints')).EndpointsPage);
const NewEndpointPage = later(async () => (await import('./pages/endpoints/new')).NewEndpointPage);
const EndpointPage = later(async () => (await import('./pages/endpoint')).EndpointPage);
const AccountEventsPage = later(async () => (await import('./pages/account-events')).AccountEventsPage);
const EventTypesPage = later(async () => (await import('./pages/event-types')).EventTypesPage);
const KeysPage = later(async () => (await import('./pages/keys')).KeysPage);

/** Loads what isn't there yet, one after the other. */
export async function loadAll(): Promise<void> {
  for (const load of loads) await load().catch(() => undefined);
}

function Pages() {
  const [error] = useErrorBoundary((thrown) => console.error(thrown));
  if (error) {
    return (
      <Empty title={t('broken.title')} action={<Button onClick={() => location.reload()}>{t('broken.reload')}</Button>}>
        {t('broken.text')}
      </Empty>
    );
  }
  const waiting = (
    <Card>
      <Skeleton lines={8} />
    </Card>
  );
  return (
    <Suspense fallback={waiting}>
      <Switch>
        <Route path="/">
          <OverviewPage />
        </Route>
        <Route path="/endpoints">
          <EndpointsPage />
        </Route>
        <Route path="/endpoints/new">
          <NewEndpointPage />
        </Route>
        <Route path="/endpoints/:id/*?">{(params) => <EndpointPage key={params.id} id={params.id ?? ''} />}</Route>
        <Route path="/account-events">
          <AccountEventsPage />
        </Route>
        <Route path="/event-types">
          <EventTypesPage />
        </Route>
        <Route path="/keys">
          <KeysPage />
        </Route>
        <Route component={NotFoundPage} />
      </Switch>
    </Suspense>
  );
}

/** What goes wrong in one view is over with the next. */
export function Routes() {
  const [path] = useLocation();
  return <Pages key={path.split('/', 3).join('/')} />;
}
