// Which page an address shows.

import { Route, Switch } from 'wouter-preact';

import { AccountEventsPage } from './pages/account-events';
import { EndpointPage } from './pages/endpoint';
import { EndpointsPage } from './pages/endpoints';
import { NewEndpointPage } from './pages/endpoints/new';
import { EventTypesPage } from './pages/event-types';
import { KeysPage } from './pages/keys';
import { NotFoundPage } from './pages/not-found';
import { OverviewPage } from './pages/overview';

export function Routes() {
  return (
    <Switch>
      <Route path="/" component={OverviewPage} />
      <Route path="/endpoints" component={EndpointsPage} />
      <Route path="/endpoints/new" component={NewEndpointPage} />
      <Route path="/endpoints/:id/*?">{(params) => <EndpointPage key={params.id} id={params.id ?? ''} />}</Route>
      <Route path="/account-events" component={AccountEventsPage} />
      <Route path="/event-types" component={EventTypesPage} />
      <Route path="/keys" component={KeysPage} />
      <Route component={NotFoundPage} />
    </Switch>
  );
}
