import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createChatRenderer } from '../../src/model/chat.ts';

const tokens = { bos: '<s>', eos: '</s>' };
const CHATML =
  "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nBe kind<|im_end|>\n' }}{% endif %}" +
  "{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

describe('chat template', () => {
  it('renders a conversation up to the answer', () => {
    const render = createChatRenderer(CHATML, tokens);
    assert.equal(
      render([{ role: 'user', content: 'Hi' }]),
      '<|im_start|>system\nBe kind<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    );
    assert.equal(
      render([
        { role: 'system', content: 'S' },
        { role: 'user', content: 'Hi' },
      ]),
      '<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  it('gives the special tokens; an absent one is empty; tools are none', () => {
    const template = '{{ bos_token }}{{ messages[0].content }}{{ eos_token }}{{ tools is none }}';
    const messages = [{ role: 'user', content: 'x' }];
    assert.equal(createChatRenderer(template, tokens)(messages), '<s>x</s>true');
    assert.equal(createChatRenderer(template, { bos: null, eos: '</s>' })(messages), 'x</s>true');
  });

  it('content is data: template syntax inside it is not run', () => {
    const render = createChatRenderer('{{ messages[0].content }}', tokens);
    assert.equal(render([{ role: 'user', content: '{{ bos_token }}{% x %}' }]), '{{ bos_token }}{% x %}');
  });

  it('refuses without a template', () => {
    const render = createChatRenderer(null, tokens);
    assert.throws(() => render([{ role: 'user', content: 'x' }]), {
      kind: 'unprocessable',
      code: 'no_chat_template',
    });
  });

  it("passes the template's own refusal on", () => {
    const render = createChatRenderer("{{ raise_exception('roles must alternate') }}", tokens);
    assert.throws(() => render([{ role: 'user', content: 'x' }]), {
      kind: 'unprocessable',
      code: 'chat_template_failed',
      message: /roles must alternate/,
    });
  });

  it('a template that cannot be parsed is refused on every call', () => {
    const render = createChatRenderer('{% if %}', tokens);
    for (let i = 0; i < 2; i++) assert.throws(() => render([]), { code: 'chat_template_failed' });
  });
});
