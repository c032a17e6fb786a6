"""Renders the text crops beside this file: `python crops.py FONTS`.

FONTS is a folder with the TrueType files of DejaVu 2.37 (`DejaVuSans.ttf` and its family; Debian's
`fonts-dejavu` installs it, and matplotlib carries it in `mpl-data/fonts/ttf`). Pillow and NumPy do the
rest. The same versions write the same pixels: everything random comes from one seeded generator.

A crop is a line of text as a text detector would cut it out: words, numbers, prices, dates; dark on
light or light on dark, grey or in colour, with a little margin, tilt and blur. It is
scaled to 48 pixels of height, squeezed to at most 192 of width and padded on the right with middle
grey (127), which stands for zero: what the classifier's own preprocessing does. Every crop occurs
twice: upright (class 0) and turned by 180 degrees (class 1), turned before it is scaled and padded.

Each archive holds `x`, bytes of [crops, 3, 48, 192] with the channels blue, green, red as the network
was trained on them, and `y`, the class of each.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HEIGHT, WIDTH, GREY = 48, 192, 127
FONTS = [
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-Oblique.ttf",
    "DejaVuSansMono.ttf",
    "DejaVuSansMono-Bold.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSerif-Bold.ttf",
    "DejaVuSerif-Italic.ttf",
]
WORDS = """
account address airport amount answer arrival article autumn balance bakery bicycle bottle breakfast
bridge building cabinet calendar camera castle ceiling chapter checkout chemistry choice city clinic
coffee collect company concert contract corner country credit customer danger delivery departure
direction discount doctor double drawing electric emergency engine entrance exhibition exit factory
family festival figure fire first flight floor flower forest fragile garden gallery gate general glass
green harbour heating highway history hospital hotel hours insurance invoice island journal kitchen
language laundry leather library licence light lounge luggage machine manager market medicine member
menu message metal minute monday morning museum music network notice number object office open orange
order packing palace paper parking passport payment pharmacy platform police postcard power price
printer private product public quality quarter queue railway receipt recycling reduced register repair
restaurant return river school science season second service shelter signal silver south special
square station street student subject summer supplier surface system table telephone theatre ticket
today total tourist tower traffic train travel turn umbrella union university valley vehicle village
visitor warning water weather welcome window winter wooden workshop yellow yesterday zebra
""".split()


def text(random):
    """A line of one to four words or figures."""
    word = lambda: WORDS[random.integers(len(WORDS))]
    styles = [str.lower, str.upper, str.capitalize]
    kind = random.integers(10)
    if kind < 6:
        style = styles[random.integers(3)]
        return " ".join(style(word()) for _ in range(random.integers(1, 4)))
    if kind == 6:
        return f"{random.integers(1, 32):02}/{random.integers(1, 13):02}/{random.integers(1990, 2030)}"
    if kind == 7:
        return f"{word().capitalize()} {random.integers(1, 2000)}"
    if kind == 8:
        return f"{word().upper()}: {random.integers(1, 500)}.{random.integers(100):02} EUR"
    return f"No. {random.integers(10_000, 10_000_000)}"


def line(random, fonts):
    """The picture of a line, as large as the text and its margin."""
    font = ImageFont.truetype(str(fonts / FONTS[random.integers(len(FONTS))]), int(random.integers(22, 60)))
    content = text(random)
    left, top, right, bottom = font.getbbox(content)
    margin = random.integers(2, 9, size=4)
    size = (int(right - left + margin[0] + margin[2]), int(bottom - top + margin[1] + margin[3]))
    paper, ink = random.integers(150, 256, size=3), random.integers(0, 90, size=3)
    if random.random() < 0.75:
        # Grey, as most print; three equal channels also pack into the space of one.
        paper[:], ink[:] = paper[0], ink[0]
    if random.random() < 0.3:
        paper, ink = ink, paper
    picture = Image.new("RGB", size, tuple(int(c) for c in paper))
    ImageDraw.Draw(picture).text(
        (int(margin[0] - left), int(margin[1] - top)), content, font=font, fill=tuple(int(c) for c in ink)
    )
    tilt = random.normal(0, 0.7)
    picture = picture.rotate(
        tilt, resample=Image.Resampling.BILINEAR, fillcolor=tuple(int(c) for c in paper)
    )
    return picture.filter(ImageFilter.GaussianBlur(float(random.uniform(0, 0.8))))


def crop(picture):
    """The picture as the classifier takes it: [3, HEIGHT, WIDTH], blue first."""
    width = min(WIDTH, -(-HEIGHT * picture.width // picture.height))
    scaled = np.asarray(picture.resize((width, HEIGHT), Image.Resampling.BILINEAR))
    padded = np.full((HEIGHT, WIDTH, 3), GREY, dtype=np.uint8)
    # 32 levels a channel halve the archive and are invisible to the network.
    padded[:, :width] = scaled // 8 * 8 + 4
    return padded[:, :, ::-1].transpose(2, 0, 1)


def archive(path, lines, random, fonts):
    crops, classes = [], []
    for _ in range(lines):
        upright = line(random, fonts)
        crops += [crop(upright), crop(upright.transpose(Image.Transpose.ROTATE_180))]
        classes += [0, 1]
    np.savez_compressed(path, x=np.stack(crops), y=np.array(classes, dtype=np.float64))


def main():
    fonts, here = Path(sys.argv[1]), Path(__file__).parent
    random = np.random.default_rng(20_261_122)
    archive(here / "calibration.npz", 48, random, fonts)
    archive(here / "held-out.npz", 150, random, fonts)


if __name__ == "__main__":
    main()
