import common from './en/common.json';
import overview from './en/overview.json';
import endpoints from './en/endpoints.json';
import create from './en/new.json';
import endpoint from './en/endpoint.json';
import log from './en/log.json';
import delivery from './en/delivery.json';
import doctor from './en/doctor.json';
import replay from './en/replay.json';
import keys from './en/keys.json';
import accountEvents from './en/accountEvents.json';
import eventTypes from './en/eventTypes.json';
import layout from './en/layout.json';
import embed from './en/embed.json';
import snippets from './en/snippets.json';

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
