import { Button, Dialog, type ButtonProps } from '@strapi/design-system';
import { WarningCircle } from '@strapi/icons';

import { useTranslation } from '../../hooks/useTranslation';

interface ConfirmActionProps {
  /** The button that asks, and the one that confirms: what is done, not "OK". */
  label: string;
  title: string;
  /** What will happen. */
  body: string;
  variant: ButtonProps['variant'];
  disabled: boolean;
  onConfirm: () => void;
}

/** A button whose action is done only after a dialog said what it means. */
export function ConfirmAction({ label, title, body, variant, disabled, onConfirm }: ConfirmActionProps) {
  const t = useTranslation();

  return (
    <Dialog.Root>
      <Dialog.Trigger>
        <Button variant={variant} disabled={disabled}>
          {label}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content>
        <Dialog.Header>{title}</Dialog.Header>
        <Dialog.Body icon={<WarningCircle fill="danger600" />}>{body}</Dialog.Body>
        <Dialog.Footer>
          <Dialog.Cancel>
            <Button fullWidth variant="tertiary">
              {t('action.back')}
            </Button>
          </Dialog.Cancel>
          <Dialog.Action>
            <Button fullWidth variant="danger-light" onClick={onConfirm}>
              {label}
            </Button>
          </Dialog.Action>
        </Dialog.Footer>
      </Dialog.Content>
    </Dialog.Root>
  );
}
