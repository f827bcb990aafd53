// `tools.mail`: mail by SMTP.

/** `ann@example.com`, `Ann <ann@example.com>`, or the two in parts. */
export type MailAddress = string | { name?: string; address: string };

export interface MailAttachment {
  filename: string;
  content: string;
  /** What `content` is; text when nothing is said. */
  encoding?: 'text' | 'base64';
  contentType?: string;
}

export interface MailMessage {
  /** The workspace's `MAIL_FROM` when nothing is said. */
  from?: MailAddress;
  to?: MailAddress | MailAddress[];
  cc?: MailAddress | MailAddress[];
  bcc?: MailAddress | MailAddress[];
  replyTo?: MailAddress | MailAddress[];
  subject?: string;
  text?: string;
  html?: string;
  attachments?: MailAttachment[];
  headers?: Record<string, string>;
}

export interface SentMail {
  /** The same on every attempt of the call. */
  messageId: string;
  accepted: string[];
  rejected: Array<{ address: string; status: number; reply: string }>;
}

export interface MailTools {
  send(message: MailMessage): Promise<SentMail>;
}
