-- Prompts with a classification head (task type SEQ_CLS): the head lies in the version's file, beside the prompt.

ALTER TABLE prompt_versions ADD COLUMN num_labels INTEGER; -- rows of the head; null: no head
