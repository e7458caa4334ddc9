// The keys with which programs call in the account's name: what each may do, when it was last used, and its end.

import './keys.css';

import { useQuery } from '@tanstack/preact-query';
import { useState } from 'preact/hooks';

import { ApiError, type ApiKey } from '../../api/client';
import { Ago, day, exact } from '../../format/time';
import { t, tn } from '../../texts';
import { Button } from '../../ui/button';
import { KeyIcon, PlusIcon, ShieldIcon } from '../../ui/icons';
import { Badge, Card, Empty, ErrorNote, Note, PageHead, Skeleton } from '../../ui/parts';
import { CreateKey } from './create';
import { hasExpired, keysQuery, MOST_KEYS } from './queries';
import { RevokeKey } from './revoke';
import { wordsOf } from './scopes';

function End({ of }: { of: ApiKey }) {
  if (of.expiresAt === null) return <>{t('keys.noEnd')}</>;
  return (
    <time dateTime={of.expiresAt} title={exact(of.expiresAt)}>
      {t(hasExpired(of) ? 'keys.endedOn' : 'keys.endsOn', { day: day(of.expiresAt) })}
    </time>
  );
}

function Row({ of, onRevoke }: { of: ApiKey; onRevoke: () => void }) {
  return (
    <li class={`keys-key${hasExpired(of) ? ' expired' : ''}`}>
      <div class="keys-who">
        <p class="row">
          <strong class="break">
            <bdi>{of.name}</bdi>
          </strong>
          {hasExpired(of) && <Badge tone="mute">{t('keys.expired')}</Badge>}
        </p>
        <small>
          <code class="break">{of.id}</code>
        </small>
      </div>
      <ul class="keys-allows">
        {wordsOf(of.scopes).map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      <dl class="keys-when">
        <div>
          <dt>{t('keys.lastUsed')}</dt>
          <dd>{of.lastUsedAt ? <Ago at={of.lastUsedAt} /> : t('common.never')}</dd>
        </div>
        <div>
          <dt>{t('keys.madeOn')}</dt>
          <dd title={t('keys.madeBy', { who: of.createdBy })}>
            <Ago at={of.createdAt} />
          </dd>
        </div>
        <div>
          <dt>{t('keys.end')}</dt>
          <dd>
            <End of={of} />
          </dd>
        </div>
      </dl>
      <Button kind="danger" small onClick={onRevoke} aria-label={t('keys.revokeNamed', { name: of.name })}>
        {t('keys.revoke')}
      </Button>
    </li>
  );
}

function List({ keys, onRevoke }: { keys: ApiKey[]; onRevoke: (key: ApiKey) => void }) {
  // What can still be used comes first, the newest before all.
  const sorted = [...keys].reverse().sort((one, other) => Number(hasExpired(one)) - Number(hasExpired(other)));
  return (
    <ul class="keys-all">
      {sorted.map((key) => (
        <Row key={key.id} of={key} onRevoke={() => onRevoke(key)} />
      ))}
    </ul>
  );
}

export function KeysPage() {
  const keys = useQuery(keysQuery());
  const [isCreating, setCreating] = useState(false);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const create = (
    <Button kind="primary" icon={<PlusIcon />} onClick={() => setCreating(true)}>
      {t('keys.create')}
    </Button>
  );
  return (
    <>
      <PageHead title={t('nav.keys')} lead={t('keys.lead')} actions={keys.data?.length ? create : undefined} />
      {keys.error instanceof ApiError && keys.error.status === 403 ? (
        <Note tone="info" icon={<ShieldIcon />}>
          {t(keys.error.code === 'not_for_portal_sessions' ? 'error.not_for_portal_sessions' : 'keys.forbidden')}
        </Note>
      ) : (
        <Card>
          {keys.isPending && <Skeleton lines={3} height={44} />}
          {keys.isError && <ErrorNote error={keys.error} onRetry={() => keys.refetch()} />}
          {keys.data?.length === 0 && (
            <Empty title={t('keys.none')} action={create}>
              {t('keys.noneText')}
            </Empty>
          )}
          {keys.data && keys.data.length > 0 && <List keys={keys.data} onRevoke={setRevoked} />}
        </Card>
      )}
      {keys.data && keys.data.length >= MOST_KEYS - 5 && (
        <p class="soft row">
          <KeyIcon /> {tn('keys.count', keys.data.length, { most: MOST_KEYS })}
        </p>
      )}
      <CreateKey open={isCreating} onClose={() => setCreating(false)} />
      <RevokeKey of={revoked} onClose={() => setRevoked(null)} />
    </>
  );
}
