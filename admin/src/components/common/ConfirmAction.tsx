import { Button, Dialog, Field, Flex, TextInput, type ButtonProps } from '@strapi/design-system';
import { WarningCircle } from '@strapi/icons';
import { useState, type ReactNode } from 'react';

import { useTranslation } from '../../hooks/useTranslation';

interface ConfirmActionProps {
  /** The button that asks, and the one that confirms: what is done, not "OK". */
  label: string;
  title: string;
  /** What will happen. */
  body: string;
  /** Below the body: particulars. */
  details?: ReactNode;
  /** What has to be typed before it can be confirmed; nothing where it is absent. */
  typed?: string;
  variant: ButtonProps['variant'];
  disabled: boolean;
  onConfirm: () => void;
}

/** Has room for the long words of other languages. */
const ROOMY = { height: 'auto', minHeight: '3.2rem', paddingBlock: '0.4rem' };

/** A button whose action is done only after a dialog said what it means. */
export function ConfirmAction(props: ConfirmActionProps) {
  const { label, title, body, details, typed, variant, disabled, onConfirm } = props;
  const t = useTranslation();
  const [text, setText] = useState('');
  // What brings something back is asked about too, but needs no warning.
  const isDanger = variant === 'danger-light';

  return (
    <Dialog.Root
      onOpenChange={() => {
        setText('');
      }}
    >
      <Dialog.Trigger>
        <Button variant={variant} disabled={disabled}>
          {label}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content>
        <Dialog.Header>{title}</Dialog.Header>
        <Dialog.Body>
          <Flex direction="column" alignItems="stretch" gap={4} width="100%">
            <Flex justifyContent="center">
              <WarningCircle width="2.4rem" height="2.4rem" fill={isDanger ? 'danger600' : 'primary600'} aria-hidden />
            </Flex>
            <Dialog.Description textAlign="center">{body}</Dialog.Description>
            {details}
            {typed === undefined ? null : (
              <Field.Root name="confirmation" width="100%">
                <Field.Label>{t('confirm.type', { text: typed })}</Field.Label>
                <TextInput
                  value={text}
                  autoComplete="off"
                  onChange={(event) => {
                    setText(event.target.value);
                  }}
                />
              </Field.Root>
            )}
          </Flex>
        </Dialog.Body>
        <Dialog.Footer>
          <Dialog.Cancel>
            <Button fullWidth variant="tertiary" style={ROOMY}>
              {t('action.back')}
            </Button>
          </Dialog.Cancel>
          <Dialog.Action>
            <Button
              fullWidth
              variant={isDanger ? 'danger-light' : 'default'}
              style={ROOMY}
              disabled={typed !== undefined && text.trim() !== typed}
              onClick={onConfirm}
            >
              {label}
            </Button>
          </Dialog.Action>
        </Dialog.Footer>
      </Dialog.Content>
    </Dialog.Root>
  );
}
