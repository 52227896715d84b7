# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The eventsam_ros authors
"""MobileSAM's encoder by its published names, against TinyViT written out plainly."""

import itertools

import numpy as np
import pytest

torch = pytest.importorskip('torch', reason='training needs torch')
from torch.nn import functional as F  # noqa: E402

from eventsam_ros.events.tensors import window_image  # noqa: E402
from eventsam_ros.inference import Segmenter, load_bundle  # noqa: E402
from training.exporting.bundle import write_bundle  # noqa: E402
from training.importing.choices import Choices  # noqa: E402
from training.importing.kinds import import_checkpoint  # noqa: E402
from training.importing.tiny_vit import TinyVitEncoder  # noqa: E402

WIDTHS, DEPTHS, HEADS, WINDOWS = (64, 128, 160, 320), (2, 2, 6, 2), (2, 4, 5, 10), (7, 7, 14, 7)


def shapes():
    """Yield name and shape of every tensor of mobile_sam.pt's encoder, classifier and all."""
    def convolution(name, out, each, side):
        yield f'{name}.c.weight', (out, each, side, side)
        for statistic in ('weight', 'bias', 'running_mean', 'running_var'):
            yield f'{name}.bn.{statistic}', (out,)
        yield f'{name}.bn.num_batches_tracked', ()

    def normal(name, width):
        yield f'{name}.weight', (width,)
        yield f'{name}.bias', (width,)

    def linear(name, out, into):
        yield f'{name}.weight', (out, into)
        yield f'{name}.bias', (out,)

    yield from convolution('patch_embed.seq.0', 32, 3, 3)
    yield from convolution('patch_embed.seq.2', 64, 32, 3)
    for layer, (width, depth) in enumerate(zip(WIDTHS, DEPTHS, strict=True)):
        for k in range(depth):
            block = f'layers.{layer}.blocks.{k}'
            if layer == 0:
                yield from convolution(f'{block}.conv1', 4 * width, width, 1)
                yield from convolution(f'{block}.conv2', 4 * width, 1, 3)
                yield from convolution(f'{block}.conv3', width, 4 * width, 1)
                continue
            yield f'{block}.attn.attention_biases', (HEADS[layer], WINDOWS[layer] ** 2)
            yield from normal(f'{block}.attn.norm', width)
            yield from linear(f'{block}.attn.qkv', 3 * width, width)
            yield from linear(f'{block}.attn.proj', width, width)
            yield from normal(f'{block}.mlp.norm', width)
            yield from linear(f'{block}.mlp.fc1', 4 * width, width)
            yield from linear(f'{block}.mlp.fc2', width, 4 * width)
            yield from convolution(f'{block}.local_conv', width, 1, 3)
        if layer < 3:
            after, down = WIDTHS[layer + 1], f'layers.{layer}.downsample'
            yield from convolution(f'{down}.conv1', after, width, 1)
            yield from convolution(f'{down}.conv2', after, 1, 3)
            yield from convolution(f'{down}.conv3', after, after, 1)
    yield from normal('norm_head', 320)
    yield from linear('head', 1000, 320)
    yield 'neck.0.weight', (256, 320, 1, 1)
    yield from normal('neck.1', 256)
    yield 'neck.2.weight', (256, 256, 3, 3)
    yield from normal('neck.3', 256)


def random_state():
    generator = torch.Generator().manual_seed(0)
    state = {}
    for name, shape in shapes():
        if name.endswith('num_batches_tracked'):
            state[name] = torch.tensor(0)
        elif name.endswith(('running_var', 'norm.weight', 'bn.weight', 'neck.1.weight',
                            'neck.3.weight')):
            state[name] = 0.5 + torch.rand(shape, generator=generator)
        else:
            into = np.prod(shape[1:]) if len(shape) > 1 else 4
            state[name] = torch.randn(shape, generator=generator) / into ** 0.5
    return state


class Plain:
    """TinyViT with SAM's neck, one picture, no module, no reshaping of windows."""

    def __init__(self, state):
        self.state = {k: v.double() for k, v in state.items()}

    def convolve(self, x, name, stride=1):
        s = self.state
        weight = s[f'{name}.c.weight']
        x = F.conv2d(x, weight, stride=stride, padding=weight.shape[-1] // 2,
                     groups=x.shape[1] // weight.shape[1])
        spread = torch.sqrt(s[f'{name}.bn.running_var'] + 1e-5)
        scale = (s[f'{name}.bn.weight'] / spread)[:, None, None]
        shift = s[f'{name}.bn.running_mean'][:, None, None]
        return (x - shift) * scale + s[f'{name}.bn.bias'][:, None, None]

    def line(self, x, name):
        return x @ self.state[f'{name}.weight'].T + self.state[f'{name}.bias']

    def norm(self, x, name, epsilon=1e-5):
        mean = x.mean(-1, keepdim=True)
        spread = torch.sqrt(((x - mean) ** 2).mean(-1, keepdim=True) + epsilon)
        return (x - mean) / spread * self.state[f'{name}.weight'] + self.state[f'{name}.bias']

    def attend(self, tokens, name, side, heads):
        """Return one window [side * side, C] after attention with a bias for each distance."""
        width = tokens.shape[1] // heads
        mixed = self.line(self.norm(tokens, f'{name}.norm'), f'{name}.qkv')
        places = list(itertools.product(range(side), range(side)))
        # biases are numbered as distances appear: (0, 0), (0, 1), ... in rows of the window
        number = torch.tensor([[abs(a - c) * side + abs(b - d) for c, d in places]
                               for a, b in places])
        out = []
        for head in range(heads):
            one = mixed[:, head * 3 * width:(head + 1) * 3 * width]
            q, k, v = one[:, :width], one[:, width:2 * width], one[:, 2 * width:]
            bias = self.state[f'{name}.attention_biases'][head][number]
            out.append(torch.softmax(q @ k.T / width ** 0.5 + bias, 1) @ v)
        return self.line(torch.cat(out, 1), f'{name}.proj')

    def block(self, x, name, side, heads):
        _, channels, rows, columns = x.shape
        high, wide = (-(-n // side) * side for n in (rows, columns))
        padded = F.pad(x, (0, wide - columns, 0, high - rows))[0]
        attended = torch.empty_like(padded)
        for top, left in itertools.product(range(0, high, side), range(0, wide, side)):
            there = (slice(None), slice(top, top + side), slice(left, left + side))
            window = padded[there].reshape(channels, -1).T
            attended[there] = self.attend(window, f'{name}.attn', side, heads).T.reshape(
                channels, side, side)
        x = self.convolve(x + attended[None, :, :rows, :columns], f'{name}.local_conv')
        tokens = x[0].reshape(channels, -1).T
        hidden = F.gelu(self.line(self.norm(tokens, f'{name}.mlp.norm'), f'{name}.mlp.fc1'))
        tokens = tokens + self.line(hidden, f'{name}.mlp.fc2')
        return tokens.T.reshape(1, channels, rows, columns)

    def neck(self, x, name):
        return self.norm(x.permute(0, 2, 3, 1), name, 1e-6).permute(0, 3, 1, 2)

    def __call__(self, image):
        x = F.gelu(self.convolve(image.double(), 'patch_embed.seq.0', 2))
        x = self.convolve(x, 'patch_embed.seq.2', 2)
        for layer, depth in enumerate(DEPTHS):
            for k in range(depth):
                name = f'layers.{layer}.blocks.{k}'
                if layer == 0:
                    inner = F.gelu(self.convolve(x, f'{name}.conv1'))
                    inner = F.gelu(self.convolve(inner, f'{name}.conv2'))
                    x = F.gelu(x + self.convolve(inner, f'{name}.conv3'))
                else:
                    x = self.block(x, name, WINDOWS[layer], HEADS[layer])
            if layer < 3:
                down = f'layers.{layer}.downsample'
                x = F.gelu(self.convolve(x, f'{down}.conv1'))
                # the last layer stays at stride 16
                x = F.gelu(self.convolve(x, f'{down}.conv2', 1 if layer == 2 else 2))
                x = self.convolve(x, f'{down}.conv3')
        x = self.neck(F.conv2d(x, self.state['neck.0.weight']), 'neck.1')
        return self.neck(F.conv2d(x, self.state['neck.2.weight'], padding=1), 'neck.3')


@torch.no_grad()
@pytest.mark.parametrize('size', [(96, 128), (224, 224)])
def test_the_encoder_equals_tiny_vit_written_out(tmp_path, size):
    state = random_state()
    encoder = TinyVitEncoder().eval()
    encoder.load_official(state, tmp_path)
    image = torch.randn(1, 3, *size, generator=torch.Generator().manual_seed(1))
    expected = Plain(state)(image)
    assert expected.shape == (1, 256, size[0] // 16, size[1] // 16)
    torch.testing.assert_close(encoder(image).double(), expected, atol=1e-3, rtol=1e-3)


def test_masks_are_those_of_sams_predictor_on_that_encoder(official, tmp_path):
    state = {f'image_encoder.{k}': v for k, v in random_state().items()}
    network = official.sam(128)
    state |= {k: v for k, v in network.state_dict().items() if not k.startswith('image_encoder.')}
    torch.save(state, tmp_path / 'mobile_sam.pt')
    found = import_checkpoint('mobilesam', tmp_path / 'mobile_sam.pt', choices=Choices(
        128, representation='eventsam'))
    assert found.description.name == 'mobilesam_128'
    write_bundle(found.encoder, found.decoder, tmp_path / 'bundle', found.description, half=False)
    plain = Plain(random_state())

    class Encoder(torch.nn.Module):
        img_size = 128

        def forward(self, image):
            return plain(image).float()

    network.image_encoder = Encoder()
    window, asked = official.window(128, 128), official.prompts(128, 128)
    masks, scores, _ = official.predict(
        network, window_image(window, 'eventsam', 128, 128), asked)
    answer = Segmenter(load_bundle(tmp_path / 'bundle')).segment(window, asked)
    np.testing.assert_allclose(answer.scores, scores, atol=1e-3)
    assert 0.05 < masks.mean() < 0.95
    assert (answer.masks == masks).mean() > 0.999


def test_the_size_is_the_published_one():
    """MobileSAM's paper: an image encoder of 5 million parameters."""
    total = sum(v.numel() for v in TinyVitEncoder().parameters())
    published = sum(np.prod(shape) for name, shape in shapes() if not name.startswith(
        ('head', 'norm_head')) and 'running' not in name and 'num_batches' not in name)
    assert total == published
    assert 5e6 < total < 6.5e6
