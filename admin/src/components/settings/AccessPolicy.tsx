import { Accordion, Box, Button, Flex, Typography } from '@strapi/design-system';
import { Duplicate } from '@strapi/icons';
import { useClipboard, useNotification } from '@strapi/strapi/admin';

import { makePolicy } from '../../../../server/src/commands/makePolicy';
import { useTranslation } from '../../hooks/useTranslation';
import type { SettingsDraft } from '../../settingsDraft';

/** The policy for what stands in the form, which need not be saved or right. */
function policyOf(draft: SettingsDraft): string {
  const { prefix, awsRegion, acl, kmsKeyId, serverSideEncryption } = draft;
  const bucketName = draft.bucketName.trim();
  const folder = prefix.trim();
  return JSON.stringify(
    makePolicy({
      bucketName,
      prefix: folder === '' || folder.endsWith('/') ? folder : `${folder}/`,
      awsRegion: awsRegion.trim(),
      acl: acl === '' ? undefined : acl,
      kmsKeyId: kmsKeyId === '' ? undefined : kmsKeyId,
      serverSideEncryption,
    }),
    null,
    2,
  );
}

/** The least that the credentials must be allowed, for exactly this bucket and prefix, to be copied. */
export function AccessPolicy({ draft }: { draft: SettingsDraft }) {
  const t = useTranslation();
  const { copy } = useClipboard();
  const { toggleNotification } = useNotification();
  const policy = policyOf(draft);
  const named = draft.bucketName.trim() !== '';

  return (
    <Accordion.Root size="S">
      <Accordion.Item value="policy">
        <Accordion.Header>
          <Accordion.Trigger>{t('policy.title')}</Accordion.Trigger>
        </Accordion.Header>
        <Accordion.Content>
          <Flex direction="column" alignItems="stretch" gap={3} padding={4}>
            {named ? (
              <>
                <Typography tag="p" textColor="neutral600">
                  {t('policy.description')}
                </Typography>
                <Box
                  tag="pre"
                  padding={4}
                  hasRadius
                  background="neutral100"
                  color="neutral800"
                  overflow="auto"
                  tabIndex={0}
                  role="region"
                  aria-label={t('policy.title')}
                  style={{ fontFamily: 'monospace', fontSize: '1.2rem', lineHeight: 1.5 }}
                  data-policy
                >
                  {policy}
                </Box>
                <Flex>
                  <Button
                    variant="tertiary"
                    startIcon={<Duplicate />}
                    onClick={() => {
                      void copy(policy).then((done) => {
                        toggleNotification({
                          type: done ? 'success' : 'warning',
                          message: done ? t('policy.copied') : t('policy.notCopied'),
                        });
                      });
                    }}
                  >
                    {t('policy.copy')}
                  </Button>
                </Flex>
              </>
            ) : (
              <Typography textColor="neutral600">{t('policy.noBucket')}</Typography>
            )}
          </Flex>
        </Accordion.Content>
      </Accordion.Item>
    </Accordion.Root>
  );
}
