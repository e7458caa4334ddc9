// German. What is missing here doesn't compile: `texts/index.tsx` takes it as a language only if it has every text.

import common from './de/common.json';
import overview from './de/overview.json';
import endpoints from './de/endpoints.json';
import create from './de/new.json';
import endpoint from './de/endpoint.json';
import log from './de/log.json';
import delivery from './de/delivery.json';
import doctor from './de/doctor.json';
import replay from './de/replay.json';
import keys from './de/keys.json';
import accountEvents from './de/accountEvents.json';
import eventTypes from './de/eventTypes.json';
import layout from './de/layout.json';
import embed from './de/embed.json';
import snippets from './de/snippets.json';

export default {
  ...common,
  ...overview,
  ...endpoints,
  ...create,
  ...endpoint,
  ...log,
  ...delivery,
  ...doctor,
  ...replay,
  ...keys,
  ...accountEvents,
  ...eventTypes,
  ...layout,
  ...embed,
  ...snippets,
};
