// Asks before a key is revoked, and says who will notice.

import type { ApiKey } from '../../api/client';
import { relative } from '../../format/time';
import { t } from '../../texts';
import { Button } from '../../ui/button';
import { Dialog } from '../../ui/dialog';
import { useRevokeKey } from './queries';

export function RevokeKey({ of, onClose }: { of: ApiKey | null; onClose: () => void }) {
  const revoke = useRevokeKey();
  return (
    <Dialog
      title={t('keys.revokeTitle')}
      open={of !== null}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('common.cancel')}</Button>
          <Button kind="danger" busy={revoke.isPending} onClick={() => of && revoke.mutate(of, { onSettled: onClose })}>
            {t('keys.revoke')}
          </Button>
        </>
      }
    >
      {of && (
        <>
          <p class="break">
            <strong>
              <bdi>{of.name}</bdi>
            </strong>
          </p>
          <p>{of.lastUsedAt ? t('keys.revokeUsed', { when: relative(of.lastUsedAt) }) : t('keys.revokeUnused')}</p>
          <p>{t('keys.revokeText')}</p>
        </>
      )}
    </Dialog>
  );
}
