// The keys of the account: read, made, revoked.

import { queryOptions, useMutation } from '@tanstack/preact-query';

import { api, dataOf, type ApiKey, type Schemas } from '../../api/client';
import { queryClient } from '../../api/queries';
import { t } from '../../texts';
import { say, sayError } from '../../ui/toast';

export type Scope = Schemas['Scope'];

/** So many keys an account may have. */
export const MOST_KEYS = 20;

export const keysQuery = () =>
  queryOptions({
    queryKey: ['keys'],
    queryFn: async ({ signal }) => (await dataOf(api.GET('/api/api-keys', { signal }))).keys,
  });

const changed = () => queryClient.invalidateQueries({ queryKey: ['keys'] });

export function useCreateKey() {
  return useMutation({
    mutationFn: (body: Schemas['CreateApiKey']) => dataOf(api.POST('/api/api-keys', { body })),
    onSuccess: changed,
  });
}

async function revoke({ id }: ApiKey): Promise<void> {
  await dataOf(api.DELETE('/api/api-keys', { params: { query: { id } } }));
}

export function useRevokeKey() {
  return useMutation({
    mutationFn: revoke,
    onSuccess: (_, key) => {
      queryClient.setQueryData(['keys'], (keys: ApiKey[] | undefined) => keys?.filter((one) => one.id !== key.id));
      say(t('keys.revoked', { name: key.name }));
    },
    onError: sayError,
    onSettled: changed,
  });
}

/** Whether a key is good for nothing any more. */
export const hasExpired = (key: ApiKey) => key.expiresAt !== null && new Date(key.expiresAt) <= new Date();
