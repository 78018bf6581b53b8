"""Scanned pages in the encodings that scanners write, and what poppler draws of them: python make.py

Writes NAME.pdf and NAME.pgm (pdftoppm -gray -r 144, then means of 6 x 6 pixels), and two encrypted letters. The page of the test: lines, a disc, a frame.
reportlab, Pillow and pikepdf write the files; the versions are in README.md.
"""
import io
import subprocess

import pikepdf
from PIL import Image, ImageDraw
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

WIDTH, HEIGHT = 420, 594
PAGE = (420.0, 594.0)

scan = Image.new("L", (WIDTH, HEIGHT), 255)
pen = ImageDraw.Draw(scan)
for line in range(14):
    pen.rectangle((30, 30 + line * 20, 200 + line * 13 % 120, 38 + line * 20), fill=0)
pen.ellipse((210, 380, 370, 540), fill=120)
pen.rectangle((30, 420, 160, 540), outline=0, width=5)
colour = Image.merge("RGB", (scan, scan.point(lambda v: 255 - (255 - v) // 2), scan))


def drawn(name, image, turned=0):
    page = canvas.Canvas(f"{name}.pdf", pagesize=PAGE, invariant=1)
    page.drawImage(ImageReader(image), 0, 0, *PAGE)
    if turned:
        page.setPageRotation(turned)
    page.showPage()
    page.save()


def placed(name, data, **entries):
    with pikepdf.new() as file:
        image = pikepdf.Stream(file, data, Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Image, Width=WIDTH, Height=HEIGHT, **entries)
        file.add_blank_page(page_size=PAGE)
        file.pages[0].Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(X=file.make_indirect(image)))
        file.pages[0].Contents = pikepdf.Stream(file, b"q %g 0 0 %g 0 0 cm /X Do Q" % PAGE)
        file.save(f"{name}.pdf", static_id=True)


def encoded(image, form, **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


NAME = pikepdf.Name
drawn("flate", scan)
drawn("turned", scan, 90)
drawn("one-bit", scan.convert("1", dither=0))
placed("jpeg", encoded(colour, "JPEG", quality=85), ColorSpace=NAME.DeviceRGB, BitsPerComponent=8, Filter=NAME.DCTDecode)
placed("jpeg-2000", encoded(scan, "JPEG2000", quality_mode="rates", quality_layers=[20]), Filter=NAME.JPXDecode)
fax = Image.open(io.BytesIO(encoded(scan.convert("1", dither=0), "TIFF", compression="group4")))
start, length = fax.tag_v2[273][0], fax.tag_v2[279][0]
data = encoded(scan.convert("1", dither=0), "TIFF", compression="group4")[start : start + length]
white = fax.tag_v2[262] == 1
placed(
    "fax", data, ColorSpace=NAME.DeviceGray, BitsPerComponent=1, Filter=NAME.CCITTFaxDecode,
    DecodeParms=pikepdf.Dictionary(K=-1, Columns=WIDTH, Rows=HEIGHT, BlackIs1=bool(white)),
)
for name in ("flate", "turned", "one-bit", "jpeg", "jpeg-2000", "fax"):
    subprocess.run(["pdftoppm", "-gray", "-r", "144", "-singlefile", f"{name}.pdf", name], check=True)
    # poppler moves the edges of images to whole pixels: small ones here.
    large = Image.open(f"{name}.pgm")
    large.resize((large.width // 6, large.height // 6), Image.BOX).save(f"{name}.pgm")

letter = canvas.Canvas("letter.pdf", pagesize=PAGE, invariant=1)
letter.drawString(72, 700, "Discharge letter")
letter.showPage()
letter.save()
with pikepdf.open("letter.pdf") as file:
    file.save("needs-password.pdf", encryption=pikepdf.Encryption(owner="owner", user="user", R=6))
    file.save("restricted.pdf", encryption=pikepdf.Encryption(owner="owner", user="", R=4))
