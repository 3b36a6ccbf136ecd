#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""office-places: small office documents with a word in one place each, where a person sees it or where it stays when it is thought gone.
Each word must be in what milwardctl text prints, on the side of the reader or on the hidden side, or the document has a reason.

Needs MILWARD_BUILD (a built tree with extract-office and milward-reader). Prints TAP.
"""

import email.message
import io
import json
import os
import struct
import subprocess
import sys
import tempfile
import zipfile

SRC = os.environ.get("MILWARD_SRC", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
BUILD = os.environ.get("MILWARD_BUILD", SRC)

W = ('xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"'
     ' xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"'
     ' xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:v="urn:schemas-microsoft-com:vml"'
     ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml"')
S = ('xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
     ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"')
P = ('xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"'
     ' xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"')
RELATED = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"


def package(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as z:
        for name, octets in parts.items():
            z.writestr(name, octets)
    return out.getvalue()


def rels(rows):
    return '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">%s</Relationships>' % "".join(
        '<Relationship Id="r%d" Type="%s" Target="%s"%s/>' % (i, kind if "://" in kind else RELATED + kind, target, ' TargetMode="External"' if "://" in target else "")
        for i, (kind, target) in enumerate(rows, 1))


def types(main, kind, more=""):
    return ('<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
            '<Override PartName="/%s" ContentType="application/vnd.openxmlformats-officedocument.%s.main+xml"/>%s</Types>' % (main, kind, more))


def docx(body, related=(), parts=None, more=""):
    return package({
        "[Content_Types].xml": types("word/document.xml", "wordprocessingml.document", more),
        "_rels/.rels": rels([("officeDocument", "word/document.xml")]),
        "word/document.xml": "<w:document %s><w:body><w:p><w:r><w:t>Plain</w:t></w:r></w:p>%s</w:body></w:document>" % (W, body),
        "word/_rels/document.xml.rels": rels(related), **(parts or {})})


def run(text, properties=""):
    return "<w:r>%s<w:t>%s</w:t></w:r>" % (properties and "<w:rPr>%s</w:rPr>" % properties, text)


def par(content, properties=""):
    return "<w:p>%s%s</w:p>" % (properties and "<w:pPr>%s</w:pPr>" % properties, content)


def styles(body):
    return {"word/styles.xml": "<w:styles %s>%s</w:styles>" % (W, body)}


def xlsx(sheet, related=(), parts=None, book="", book_related=()):
    return package({
        "[Content_Types].xml": types("xl/workbook.xml", "spreadsheetml.sheet"),
        "_rels/.rels": rels([("officeDocument", "xl/workbook.xml")]),
        "xl/workbook.xml": '<workbook %s><sheets><sheet name="One" sheetId="1" r:id="r1"/></sheets>%s</workbook>' % (S, book),
        "xl/_rels/workbook.xml.rels": rels([("worksheet", "worksheets/sheet1.xml"), *book_related]),
        "xl/worksheets/sheet1.xml": "<worksheet %s><sheetData>%s</sheetData>%s</worksheet>" % (S, *(sheet if isinstance(sheet, tuple) else (sheet, ""))),
        "xl/worksheets/_rels/sheet1.xml.rels": rels(related), **(parts or {})})


def cell(text):
    return '<row r="1"><c r="A1" t="inlineStr"><is><t>%s</t></is></c></row>' % text


def pptx(shapes, related=(), parts=None, show="", show_related=(), attributes=""):
    return package({
        "[Content_Types].xml": types("ppt/presentation.xml", "presentationml.presentation"),
        "_rels/.rels": rels([("officeDocument", "ppt/presentation.xml")]),
        "ppt/presentation.xml": '<p:presentation %s><p:sldIdLst><p:sldId id="256" r:id="r1"/></p:sldIdLst>%s</p:presentation>' % (P, show),
        "ppt/_rels/presentation.xml.rels": rels([("slide", "slides/slide1.xml"), *show_related]),
        "ppt/slides/slide1.xml": "<p:sld %s %s><p:cSld><p:spTree>%s</p:spTree></p:cSld></p:sld>" % (P, attributes, shapes),
        "ppt/slides/_rels/slide1.xml.rels": rels(related), **(parts or {})})


def shape(text, name='<p:cNvPr id="2" name="TextBox 1"/>'):
    return "<p:sp><p:nvSpPr>%s</p:nvSpPr><p:txBody><a:p><a:r><a:t>%s</a:t></a:r></a:p></p:txBody></p:sp>" % (name, text)


def odf(kind, body, parts=None, automatic="", prelude=""):
    spaces = " ".join('xmlns:%s="urn:oasis:names:tc:opendocument:xmlns:%s:1.0"' % (s, s) for s in ("office", "text", "table", "style", "form", "presentation"))
    spaces += ' xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"'
    spaces += ' xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"'
    return package({
        "mimetype": "application/vnd.oasis.opendocument." + kind,
        "content.xml": "<office:document-content %s>%s<office:automatic-styles>%s</office:automatic-styles><office:body><office:%s>%s</office:%s></office:body>"
                       "</office:document-content>" % (spaces, prelude, automatic, kind, body, kind), **(parts or {})})


def wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def biff12(*records):
    out = b""
    for kind, data in records:
        out += bytes([kind] if kind < 128 else [kind & 0x7f | 0x80, kind >> 7])
        n = len(data)
        while n > 127:
            out += bytes([n & 0x7f | 0x80])
            n >>= 7
        out += bytes([n]) + data
    return out


def xlsb(sheet, book=(), parts=None, related=(), book_related=()):
    return package({
        "[Content_Types].xml": types("xl/workbook.bin", "spreadsheetml.sheet").replace(
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", "application/vnd.ms-excel.sheet.binary.macroEnabled.main"),
        "_rels/.rels": rels([("officeDocument", "xl/workbook.bin")]),
        "xl/workbook.bin": biff12((131, b""), (156, struct.pack("<II", 0, 1) + wide("r1") + wide("One")), *book, (132, b"")),
        "xl/_rels/workbook.bin.rels": rels([("worksheet", "worksheets/sheet1.bin"), *book_related]),
        "xl/worksheets/sheet1.bin": biff12((129, b""), (145, b""), *sheet, (130, b"")),
        "xl/worksheets/_rels/sheet1.bin.rels": rels(related), **(parts or {})})


def string_token(text):
    """A text in a formula."""
    return struct.pack("<BH", 0x17, len(text)) + text.encode("utf-16-le")


SEEN, HIDDEN, ANY, NONE = "seen", "hidden", "any", "none"
PLACES = []  # name of the file, where the word is, octets; "@" in names is the word itself


def place(name, where, make, unread=None):
    PLACES.append((name, where, make, unread))


def words():
    alternate = '<w:r><mc:AlternateContent><mc:Choice Requires="wps"><w:drawing>%s</w:drawing></mc:Choice><mc:Fallback><w:pict>%s</w:pict></mc:Fallback></mc:AlternateContent></w:r>'
    place("text.docx", SEEN, lambda t: docx(par(run(t))))
    place("split-by-entities.docx", HIDDEN, lambda t: docx("", parts={"customXml/item1.xml": "<d><x>%s&#%d;%s</x></d>" % (t[:4], ord(t[4]), t[5:])}))
    place("split-by-cdata.docx", HIDDEN, lambda t: docx("", parts={"customXml/item1.xml": "<d><x>%s<![CDATA[%s]]></x></d>" % (t[:4], t[4:])}))
    place("vanish.docx", HIDDEN, lambda t: docx(par(run(t, "<w:vanish/>"))))
    place("vanish-style.docx", HIDDEN, lambda t: docx(par(run(t, '<w:rStyle w:val="H"/>')), [("styles", "styles.xml")],
                                                      styles('<w:style w:type="character" w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style>')))
    place("vanish-paragraph-style.docx", HIDDEN, lambda t: docx(par(run(t), '<w:pStyle w:val="H"/>'), [("styles", "styles.xml")],
                                                                styles('<w:style w:type="paragraph" w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style>')))
    place("after-vanish-paragraph.docx", SEEN, lambda t: docx(par(run("x"), '<w:pStyle w:val="H"/>') + par(run(t)), [("styles", "styles.xml")],
                                                              styles('<w:style w:type="paragraph" w:styleId="H"><w:rPr><w:vanish/></w:rPr></w:style>')))
    place("white.docx", HIDDEN, lambda t: docx(par(run(t, '<w:color w:val="FFFFFF"/>'))))
    place("white-style.docx", HIDDEN, lambda t: docx(par(run(t), '<w:pStyle w:val="H"/>'), [("styles", "styles.xml")],
                                                     styles('<w:style w:type="paragraph" w:styleId="H"><w:rPr><w:color w:val="FFFFFF"/></w:rPr></w:style>')))
    place("white-on-black.docx", SEEN, lambda t: docx(par(run(t, '<w:color w:val="FFFFFF"/><w:shd w:val="clear" w:fill="000000"/>'))))
    place("white-in-table.docx", SEEN, lambda t: docx("<w:tbl><w:tr><w:tc>%s</w:tc><w:tc>%s</w:tc></w:tr></w:tbl>" % (par(run(t, '<w:color w:val="FFFFFF"/>')), par(run("b")))))
    place("one-point.docx", HIDDEN, lambda t: docx(par(run(t, '<w:sz w:val="2"/>'))))
    place("eight-points.docx", SEEN, lambda t: docx(par(run(t, '<w:sz w:val="16"/>'))))
    place("deleted.docx", HIDDEN, lambda t: docx(par('<w:del w:author="x"><w:r><w:delText>%s</w:delText></w:r></w:del>' % t)))
    place("field-result.docx", SEEN, lambda t: docx(par('<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>' + run(t))))
    place("field-code.docx", HIDDEN, lambda t: docx(par('<w:r><w:instrText>HYPERLINK "http://x/%s"</w:instrText></w:r>' % t)))
    place("simple-field.docx", HIDDEN, lambda t: docx(par('<w:fldSimple w:instr="DOCVARIABLE %s"/>' % t)))
    place("content-control.docx", SEEN, lambda t: docx("<w:sdt><w:sdtPr/><w:sdtContent>%s</w:sdtContent></w:sdt>" % par(run(t))))
    place("drop-down.docx", HIDDEN, lambda t: docx('<w:sdt><w:sdtPr><w:dropDownList><w:listItem w:displayText="%s" w:value="1"/></w:dropDownList></w:sdtPr></w:sdt>' % t))
    place("custom-xml-property.docx", HIDDEN, lambda t: docx('<w:customXml w:element="p"><w:customXmlPr><w:attr w:name="mrn" w:val="%s"/></w:customXmlPr></w:customXml>' % t))
    place("ruby.docx", HIDDEN, lambda t: docx(par("<w:r><w:ruby><w:rt>%s</w:rt><w:rubyBase>%s</w:rubyBase></w:ruby></w:r>" % (run(t), run("base")))))
    place("ruby-base.docx", SEEN, lambda t: docx(par("".join("<w:r><w:ruby><w:rt>%s</w:rt><w:rubyBase>%s</w:rubyBase></w:ruby></w:r>" % (run("o"), run(h)) for h in (t[:5], t[5:])))))
    place("text-box.docx", SEEN, lambda t: docx(par(alternate % ("<w:txbxContent>%s</w:txbxContent>" % par(run(t)), "<v:textbox><w:txbxContent>%s</w:txbxContent></v:textbox>" % par(run(t))))))
    place("fallback.docx", HIDDEN, lambda t: docx(par(alternate % ("", "<v:textbox><w:txbxContent>%s</w:txbxContent></v:textbox>" % par(run(t))))))
    place("word-art.docx", HIDDEN, lambda t: docx(par('<w:r><w:pict><v:shape><v:textpath string="%s"/></v:shape></w:pict></w:r>' % t)))
    place("alt-text.docx", HIDDEN, lambda t: docx(par('<w:r><w:drawing><wp:docPr id="1" name="Picture 1" descr="%s"/></w:drawing></w:r>' % t)))
    place("picture-name.docx", HIDDEN, lambda t: docx(par('<w:r><w:drawing><pic:cNvPr id="1" name="%s.jpg"/></w:drawing></w:r>' % t)))
    place("shape-name-alone.docx", HIDDEN, lambda t: docx(par('<w:r><w:drawing><wp:docPr id="1" name="%s"/></w:drawing></w:r>' % t)))
    place("bookmark.docx", HIDDEN, lambda t: docx(par('<w:bookmarkStart w:id="0" w:name="%s"/>' % t + run("x"))))
    place("vml-link.docx", HIDDEN, lambda t: docx(par('<w:r><w:pict><v:shape href="http://x/%s"/></w:pict></w:r>' % t)))
    place("link.docx", HIDDEN, lambda t: docx("", [("hyperlink", "http://x/" + t)]))
    place("header.docx", SEEN, lambda t: docx("", [("header", "header1.xml")], {"word/header1.xml": "<w:hdr %s>%s</w:hdr>" % (W, par(run(t)))}))
    place("footnote.docx", SEEN, lambda t: docx("", [("footnotes", "footnotes.xml")], {"word/footnotes.xml": "<w:footnotes %s><w:footnote>%s</w:footnote></w:footnotes>" % (W, par(run(t)))}))
    place("comment.docx", SEEN, lambda t: docx("", [("comments", "comments.xml")], {"word/comments.xml": '<w:comments %s><w:comment w:author="x">%s</w:comment></w:comments>' % (W, par(run(t)))}))
    place("chunk.docx", ANY, lambda t: docx('<w:altChunk r:id="r1"/>', [("aFChunk", "chunk.html")], {"word/chunk.html": "<html><body><p>%s</p></body></html>" % t}))
    place("list-label.docx", HIDDEN, lambda t: docx("", [("numbering", "numbering.xml")], {"word/numbering.xml": '<w:numbering %s><w:lvl><w:lvlText w:val="%s %%1"/></w:lvl></w:numbering>' % (W, t)}))
    place("mail-merge.docx", HIDDEN, lambda t: docx("", [("settings", "settings.xml")], {"word/settings.xml": '<w:settings %s><w:mailMerge><w:query w:val="SELECT %s"/></w:mailMerge></w:settings>' % (W, t)}))
    place("variable.docx", HIDDEN, lambda t: docx("", [("settings", "settings.xml")], {"word/settings.xml": '<w:settings %s><w:docVars><w:docVar w:name="a" w:val="%s"/></w:docVars></w:settings>' % (W, t)}))
    place("bound-xml.docx", HIDDEN, lambda t: docx("", parts={"customXml/item1.xml": "<patient><mrn>%s</mrn></patient>" % t}))
    place("bound-xml-attribute.docx", HIDDEN, lambda t: docx("", parts={"customXml/item1.xml": '<patient mrn="%s"/>' % t}))
    place("property.docx", HIDDEN, lambda t: docx("", parts={"docProps/core.xml": '<cp:coreProperties xmlns:cp="x" xmlns:dc="y"><dc:subject>%s</dc:subject></cp:coreProperties>' % t}))
    place("diagram.docx", SEEN, lambda t: docx("", [("diagramData", "diagrams/data1.xml")], {"word/diagrams/data1.xml": '<dgm:dataModel xmlns:dgm="d" xmlns:a="a"><dgm:pt><dgm:t><a:p><a:r><a:t>%s</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>' % t}))
    place("chart.docx", SEEN, lambda t: docx("", [("chart", "charts/chart1.xml")], {"word/charts/chart1.xml": '<c:chartSpace xmlns:c="c"><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>%s</c:v></c:pt></c:strCache></c:strRef></c:cat></c:chartSpace>' % t}))
    place("unrelated-part.docx", HIDDEN, lambda t: docx("", parts={"word/old.xml": "<w:document %s>%s</w:document>" % (W, par(run(t)))}))
    place("person.docx", HIDDEN, lambda t: docx("", parts={"word/people.xml": '<w15:people xmlns:w15="http://schemas.microsoft.com/office/word/2012/wordml"><w15:person w15:author="%s"/></w15:people>' % t}))
    place("control.docx", HIDDEN, lambda t: docx("", [("control", "activeX/activeX1.xml")], {"word/activeX/activeX1.xml": '<ax:ocx xmlns:ax="http://schemas.microsoft.com/office/2006/activeX"><ax:ocxPr ax:name="Caption" ax:value="%s"/></ax:ocx>' % t}))
    place("font-that-is-none.docx", ANY, lambda t: docx("", parts={"word/fonts/font1.ttf": "Name,MRN\nAda,%s\n" % t}))
    place("printer-settings-that-are-none.docx", ANY, lambda t: docx("", parts={"word/p.dat": "Name,MRN\nAda,%s\n" % t}, more='<Override PartName="/word/p.dat" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.printerSettings"/>'))
    place("thumbnail.docx", NONE, lambda t: docx("", parts={"docProps/thumbnail.jpeg": b"\xff\xd8\xff" + bytes(2000)}))
    place("thumbnail-drawn.docx", NONE, lambda t: docx("", parts={"docProps/thumbnail.emf": struct.pack("<I36x4s", 1, b" EMF") + bytes(2000)}), unread="image")
    place("thumbnail-that-is-none.docx", ANY, lambda t: docx("", parts={"docProps/thumbnail.csv": "Name,MRN\nAda,%s\n" % t}))
    place("ink.docx", NONE, lambda t: docx("", parts={"word/ink/ink1.xml": '<inkml:ink xmlns:inkml="http://www.w3.org/2003/InkML"><inkml:trace>1 2, 3 4, 5 6</inkml:trace></inkml:ink>'}), unread="image")


def sheets():
    place("@.xlsx", ANY, lambda t: xlsx(cell("x")))
    place("cell.xlsx", SEEN, lambda t: xlsx(cell(t)))
    place("shared.xlsx", SEEN, lambda t: xlsx('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', book_related=[("sharedStrings", "sharedStrings.xml")], parts={"xl/sharedStrings.xml": "<sst %s><si><t>%s</t></si></sst>" % (S, t)}))
    place("shared-rich.xlsx", SEEN, lambda t: xlsx('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', book_related=[("sharedStrings", "sharedStrings.xml")], parts={"xl/sharedStrings.xml": "<sst %s><si><r><t>%s</t></r><r><t>%s</t></r></si></sst>" % (S, t[:5], t[5:])}))
    place("shared-unused.xlsx", HIDDEN, lambda t: xlsx(cell("x"), book_related=[("sharedStrings", "sharedStrings.xml")], parts={"xl/sharedStrings.xml": "<sst %s><si><t>%s</t></si></sst>" % (S, t)}))
    place("shared-phonetic.xlsx", HIDDEN, lambda t: xlsx(cell("x"), book_related=[("sharedStrings", "sharedStrings.xml")], parts={"xl/sharedStrings.xml": "<sst %s><si><t>x</t><rPh><t>%s&#%d;%s</t></rPh></si></sst>" % (S, t[:4], ord(t[4]), t[5:])}))
    place("shared-missing.xlsx", NONE, lambda t: xlsx('<row r="1"><c r="A1" t="s"><v>3</v></c></row>'), unread="damaged")
    place("formula-result.xlsx", SEEN, lambda t: xlsx('<row r="1"><c r="A1" t="str"><f>A2</f><v>%s</v></c></row>' % t))
    place("formula-text.xlsx", HIDDEN, lambda t: xlsx('<row r="1"><c r="A1" t="str"><f>IF(A2,"%s","")</f><v></v></c></row>' % t))
    place("hidden-row.xlsx", HIDDEN, lambda t: xlsx(cell(t).replace("<row ", '<row hidden="1" ')))
    place("name-constant.xlsx", HIDDEN, lambda t: xlsx(cell("x"), book='<definedNames><definedName name="a">"%s"</definedName></definedNames>' % t))
    place("name-formula.xlsx", HIDDEN, lambda t: xlsx(cell("x"), book='<definedNames><definedName name="a">"%s"&amp;One!A1</definedName></definedNames>' % t))
    place("name-comment.xlsx", HIDDEN, lambda t: xlsx(cell("x"), book='<definedNames><definedName name="a" comment="%s">One!A1</definedName></definedNames>' % t))
    place("validation-list.xlsx", HIDDEN, lambda t: xlsx((cell("x"), '<dataValidations><dataValidation type="list" sqref="A1"><formula1>"a,%s"</formula1></dataValidation></dataValidations>' % t)))
    place("validation-prompt.xlsx", HIDDEN, lambda t: xlsx((cell("x"), '<dataValidations><dataValidation sqref="A1" prompt="%s"/></dataValidations>' % t)))
    place("filter.xlsx", HIDDEN, lambda t: xlsx((cell("x"), '<autoFilter ref="A1"><filterColumn colId="0"><filters><filter val="%s"/></filters></filterColumn></autoFilter>' % t)))
    place("scenario.xlsx", HIDDEN, lambda t: xlsx((cell("x"), '<scenarios><scenario name="a" comment="%s"><inputCells r="A1" val="1"/></scenario></scenarios>' % t)))
    place("condition.xlsx", HIDDEN, lambda t: xlsx((cell("x"), '<conditionalFormatting sqref="A1"><cfRule type="containsText" text="%s"/></conditionalFormatting>' % t)))
    place("page-header.xlsx", SEEN, lambda t: xlsx((cell("x"), "<headerFooter><oddHeader>&amp;L%s</oddHeader></headerFooter>" % t)))
    place("link.xlsx", HIDDEN, lambda t: xlsx((cell("x"), '<hyperlinks><hyperlink ref="A1" r:id="r1"/></hyperlinks>'), [("hyperlink", "http://x/" + t)]))
    place("comment.xlsx", SEEN, lambda t: xlsx(cell("x"), [("comments", "../comments1.xml")], {"xl/comments1.xml": "<comments %s><commentList><comment><text><r><t>%s</t></r></text></comment></commentList></comments>" % (S, t)}))
    place("thread.xlsx", SEEN, lambda t: xlsx(cell("x"), [("http://schemas.microsoft.com/office/2017/10/relationships/threadedComment", "../threadedComments/t1.xml")], {"xl/threadedComments/t1.xml": '<ThreadedComments xmlns="t"><threadedComment ref="A1"><text>a</text></threadedComment><threadedComment ref="A1" parentId="1"><text>%s</text></threadedComment></ThreadedComments>' % t}))
    place("person.xlsx", HIDDEN, lambda t: xlsx(cell("x"), parts={"xl/persons/person.xml": '<personList xmlns="http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments"><person displayName="%s"/></personList>' % t}))
    place("drawing.xlsx", SEEN, lambda t: xlsx(cell("x"), [("drawing", "../drawings/d1.xml")], {"xl/drawings/d1.xml": '<xdr:wsDr xmlns:xdr="x" xmlns:a="a"><xdr:sp><xdr:txBody><a:p><a:r><a:t>%s</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:wsDr>' % t}))
    place("pivot.xlsx", HIDDEN, lambda t: xlsx(cell("x"), book_related=[("pivotCacheDefinition", "pivotCache/c1.xml")], parts={"xl/pivotCache/c1.xml": '<pivotCacheDefinition %s><cacheFields><cacheField name="MRN"><sharedItems><s v="%s"/></sharedItems></cacheField></cacheFields></pivotCacheDefinition>' % (S, t)}))
    place("other-workbook.xlsx", HIDDEN, lambda t: xlsx(cell("x"), parts={"xl/externalLinks/e1.xml": '<externalLink %s><externalBook><sheetNames><sheetName val="%s"/></sheetNames></externalBook></externalLink>' % (S, t)}))
    place("list-box.xlsx", HIDDEN, lambda t: xlsx(cell("x"), [("ctrlProp", "../ctrlProps/c1.xml")], {"xl/ctrlProps/c1.xml": '<formControlPr xmlns="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main"><itemLst><item val="%s"/></itemLst></formControlPr>' % t}))
    place("revision.xlsx", HIDDEN, lambda t: xlsx(cell("x"), parts={"xl/revisions/r1.xml": '<revisions %s><rcc><nc t="inlineStr"><is><t>%s</t></is></nc></rcc></revisions>' % (S, t)}))
    place("number-property.xlsx", HIDDEN, lambda t: xlsx(cell("x"), parts={"docProps/custom.xml": '<Properties xmlns:vt="v"><property name="%s"><vt:i4>12345</vt:i4></property></Properties>' % t}))


def binary_sheets():
    head = struct.pack("<II", 0, 0)
    place("cell.xlsb", SEEN, lambda t: xlsb([(0, struct.pack("<I", 0) + bytes(13)), (6, head + wide(t))]))
    place("formula.xlsb", HIDDEN, lambda t: xlsb([(0, struct.pack("<I", 0) + bytes(13)), (8, head + wide("x") + struct.pack("<HI", 0, 3 + 2 * len(t)) + string_token(t))]))
    place("link.xlsb", HIDDEN, lambda t: xlsb([(494, struct.pack("<4I", 0, 0, 0, 0) + wide("r9") + wide("") + wide(t) + wide(""))]))
    place("validation.xlsb", HIDDEN, lambda t: xlsb([(64, bytes(25) + wide("") + wide("") + wide(t) + wide(""))]))
    place("name.xlsb", HIDDEN, lambda t: xlsb([], book=[(39, bytes(9) + wide("abc") + struct.pack("<I", 3 + 2 * len(t)) + string_token(t) + bytes(8))]))
    place("pivot.xlsb", ANY, lambda t: xlsb([], book_related=[("pivotCacheDefinition", "pivotCache/c1.bin")], parts={"xl/pivotCache/c1.bin": biff12((179, bytes(20)), (24, wide(t)))}))
    place("table.xlsb", ANY, lambda t: xlsb([], parts={"xl/tables/t1.bin": biff12((343, bytes(20) + wide(t)))}, related=[("table", "../tables/t1.bin")]))
    place("shared-missing.xlsb", NONE, lambda t: xlsb([(0, struct.pack("<I", 0) + bytes(13)), (7, head + struct.pack("<I", 4))]), unread="damaged")


def slides():
    place("shape.pptx", SEEN, lambda t: pptx(shape(t)))
    place("hidden-slide.pptx", HIDDEN, lambda t: pptx(shape(t), attributes='show="0"'))
    place("alt-text.pptx", HIDDEN, lambda t: pptx(shape("x", '<p:cNvPr id="2" name="Picture 1" descr="%s"/>' % t)))
    place("shape-name.pptx", HIDDEN, lambda t: pptx(shape("x", '<p:cNvPr id="2" name="%s portrait"/>' % t)))
    place("table.pptx", SEEN, lambda t: pptx("<p:graphicFrame><a:tbl><a:tr><a:tc><a:txBody><a:p><a:r><a:t>%s</a:t></a:r></a:p></a:txBody></a:tc></a:tr></a:tbl></p:graphicFrame>" % t))
    place("notes.pptx", SEEN, lambda t: pptx(shape("x"), [("notesSlide", "../notesSlides/n1.xml")], {"ppt/notesSlides/n1.xml": "<p:notes %s>%s</p:notes>" % (P, shape(t))}))
    place("master.pptx", SEEN, lambda t: pptx(shape("x"), [("slideLayout", "../slideLayouts/l1.xml")], {
        "ppt/slideLayouts/l1.xml": "<p:sldLayout %s/>" % P, "ppt/slideLayouts/_rels/l1.xml.rels": rels([("slideMaster", "../slideMasters/m1.xml")]),
        "ppt/slideMasters/m1.xml": "<p:sldMaster %s>%s</p:sldMaster>" % (P, shape(t))}))
    place("comment.pptx", SEEN, lambda t: pptx(shape("x"), [("comments", "../comments/c1.xml")], {"ppt/comments/c1.xml": "<p:cmLst %s><p:cm><p:text>%s</p:text></p:cm></p:cmLst>" % (P, t)}))
    place("modern-comment.pptx", SEEN, lambda t: pptx(shape("x"), [("http://schemas.microsoft.com/office/2018/10/relationships/comments", "../comments/c1.xml")], {
        "ppt/comments/c1.xml": '<p188:cmLst xmlns:p188="p" xmlns:a="a"><p188:cm><p188:replyLst><p188:reply><p188:txBody><a:p><a:r><a:t>%s</a:t></a:r></a:p></p188:txBody></p188:reply></p188:replyLst></p188:cm></p188:cmLst>' % t}))
    place("comment-author.pptx", HIDDEN, lambda t: pptx(shape("x"), parts={"ppt/commentAuthors.xml": '<p:cmAuthorLst %s><p:cmAuthor name="%s"/></p:cmAuthorLst>' % (P, t)}))
    place("section.pptx", HIDDEN, lambda t: pptx(shape("x"), show='<p:extLst><p:ext uri="{521415D9}"><p14:sectionLst xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main"><p14:section name="%s"/></p14:sectionLst></p:ext></p:extLst>' % t))
    place("custom-show.pptx", HIDDEN, lambda t: pptx(shape("x"), show='<p:custShowLst><p:custShow name="%s" id="0"/></p:custShowLst>' % t))
    place("tag.pptx", HIDDEN, lambda t: pptx(shape("x"), [("tags", "../tags/t1.xml")], {"ppt/tags/t1.xml": '<p:tagLst %s><p:tag name="A" val="%s"/></p:tagLst>' % (P, t)}))
    place("diagram.pptx", SEEN, lambda t: pptx(shape("x"), [("diagramData", "../diagrams/d1.xml")], {"ppt/diagrams/d1.xml": '<dgm:dataModel xmlns:dgm="d" xmlns:a="a"><dgm:pt><dgm:t><a:p><a:r><a:t>%s</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:dataModel>' % t}))
    place("link-tip.pptx", HIDDEN, lambda t: pptx(shape("x", '<p:cNvPr id="2" name="a"><a:hlinkClick tooltip="%s"/></p:cNvPr>' % t)))
    place("unlisted-slide.pptx", HIDDEN, lambda t: pptx(shape("x"), show_related=[("slide", "slides/slide2.xml")], parts={"ppt/slides/slide2.xml": "<p:sld %s>%s</p:sld>" % (P, shape(t))}))


def open_documents():
    place("text.odt", SEEN, lambda t: odf("text", "<text:p>%s</text:p>" % t))
    place("hidden.odt", HIDDEN, lambda t: odf("text", '<text:p><text:span text:style-name="H">%s</text:span></text:p>' % t,
                                              automatic='<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'))
    place("one-point.odt", HIDDEN, lambda t: odf("text", '<text:p><text:span text:style-name="H">%s</text:span></text:p>' % t,
                                                 automatic='<style:style style:name="H" style:family="text"><style:text-properties fo:font-size="1pt"/></style:style>'))
    place("note.odt", SEEN, lambda t: odf("text", "<text:p>a<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>%s</text:p></text:note-body></text:note></text:p>" % t))
    place("comment.odt", SEEN, lambda t: odf("text", "<text:p>a<office:annotation><text:p>%s</text:p></office:annotation></text:p>" % t))
    place("description.odt", HIDDEN, lambda t: odf("text", '<text:p><draw:frame draw:name="Image1"><svg:desc>%s</svg:desc></draw:frame></text:p>' % t))
    place("picture-name.odt", HIDDEN, lambda t: odf("text", '<text:p><draw:frame draw:name="%s.jpg"/></text:p>' % t))
    place("control.odt", HIDDEN, lambda t: odf("text", '<office:forms><form:form><form:text form:name="Text Box 1" form:current-value="%s"/></form:form></office:forms>' % t))
    place("drop-down.odt", HIDDEN, lambda t: odf("text", '<text:p><text:drop-down><text:label text:value="a"/><text:label text:value="%s"/>a</text:drop-down></text:p>' % t))
    place("note-mark.odt", HIDDEN, lambda t: odf("text", '<text:p><text:note><text:note-citation text:label="%s">%s</text:note-citation><text:note-body/></text:note></text:p>' % (t, t)))
    place("section-name.odt", HIDDEN, lambda t: odf("text", '<text:section text:name="%s"><text:p>a</text:p></text:section>' % t))
    place("bookmark.odt", HIDDEN, lambda t: odf("text", '<text:p><text:bookmark text:name="%s"/>a</text:p>' % t))
    place("index-key.odt", HIDDEN, lambda t: odf("text", '<text:p><text:alphabetical-index-mark text:string-value="a" text:key1="%s"/>a</text:p>' % t))
    place("list-label.odt", HIDDEN, lambda t: odf("text", '<text:list-style style:name="L1"><text:list-level-style-number text:level="1" style:num-prefix="%s"/></text:list-style>' % t))
    place("template.odt", HIDDEN, lambda t: odf("text", "", {"meta.xml": '<office:document-meta xmlns:office="o" xmlns:meta="m" xmlns:xlink="l"><meta:template xlink:title="%s" xlink:href=""/></office:document-meta>' % t}))
    place("link.odt", HIDDEN, lambda t: odf("text", '<text:p><text:a xlink:href="http://x/%s">a</text:a></text:p>' % t))
    place("picture-elsewhere.odt", HIDDEN, lambda t: odf("text", '<text:p><draw:frame><draw:image xlink:href="http://x/%s"/></draw:frame></text:p>' % t))
    place("form.odt", HIDDEN, lambda t: odf("text", '<office:forms><form:form><form:textarea form:value="%s"/></form:form></office:forms>' % t))
    place("variable.odt", HIDDEN, lambda t: odf("text", '<text:user-field-decls><text:user-field-decl office:string-value="%s"/></text:user-field-decls>' % t))
    place("header.odt", SEEN, lambda t: odf("text", "", {"styles.xml": '<office:document-styles xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="s" xmlns:text="t"><office:master-styles><style:header><text:p>%s</text:p></style:header></office:master-styles></office:document-styles>' % t}))
    place("deleted.odt", HIDDEN, lambda t: odf("text", "<text:tracked-changes><text:changed-region><text:deletion><text:p>%s</text:p></text:deletion></text:changed-region></text:tracked-changes>" % t))
    place("property.odt", HIDDEN, lambda t: odf("text", "", {"meta.xml": '<office:document-meta xmlns:office="o" xmlns:meta="m"><meta:user-defined meta:name="%s">12345</meta:user-defined></office:document-meta>' % t}))
    place("setting.odt", HIDDEN, lambda t: odf("text", "", {"settings.xml": '<s xmlns:config="c"><config:config-item config:name="a" config:type="string">%s</config:config-item></s>' % t}))
    place("cell.ods", SEEN, lambda t: odf("spreadsheet", '<table:table table:name="a"><table:table-row><table:table-cell><text:p>%s</text:p></table:table-cell></table:table-row></table:table>' % t))
    place("validation.ods", HIDDEN, lambda t: odf("spreadsheet", '<table:content-validations><table:content-validation table:condition="of:cell-content-is-in-list(&quot;%s&quot;)"/></table:content-validations>' % t))
    place("name.ods", HIDDEN, lambda t: odf("spreadsheet", '<table:named-expressions><table:named-expression table:expression="of:=&quot;%s&quot;"/></table:named-expressions>' % t))
    place("not-shown.ods", ANY, lambda t: odf("spreadsheet", '<table:table table:name="a"><table:table-row><table:table-cell office:value-type="string" office:string-value="%s"><text:p/></table:table-cell></table:table-row></table:table>' % t))
    place("filter.ods", HIDDEN, lambda t: odf("spreadsheet", '<table:database-ranges><table:database-range><table:filter><table:filter-condition table:value="%s"/></table:filter></table:database-range></table:database-ranges>' % t))
    place("range-name.ods", HIDDEN, lambda t: odf("spreadsheet", '<table:named-expressions><table:named-range table:name="%s"/></table:named-expressions>' % t))
    place("cell-comment.ods", SEEN, lambda t: odf("spreadsheet", '<table:table table:name="a"><table:table-row><table:table-cell><office:annotation><text:p>%s</text:p></office:annotation></table:table-cell></table:table-row></table:table>' % t))
    place("slide-notes.odp", SEEN, lambda t: odf("presentation", "<draw:page><presentation:notes><draw:frame><draw:text-box><text:p>%s</text:p></draw:text-box></draw:frame></presentation:notes></draw:page>" % t))
    place("slide-name.odp", HIDDEN, lambda t: odf("presentation", '<draw:page draw:name="%s"/>' % t))
    place("table-preview.odp", NONE, lambda t: odf("presentation", "<draw:page/>", {"Pictures/TablePreview1.svm": b"VCLMTF" + bytes(2000)}))
    place("slide-header.odp", HIDDEN, lambda t: odf("presentation", "<presentation:header-decl>%s</presentation:header-decl>" % t))
    place("object.odt", SEEN, lambda t: odf("text", "", {"Object 1/content.xml": '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:text="t"><text:p>%s</text:p></office:document-content>' % t}))


def flat_documents():
    sheet = '<?xml version="1.0"?><Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet" xmlns:x="urn:schemas-microsoft-com:office:excel"><Worksheet ss:Name="a"><Table><Row><Cell%s><Data ss:Type="String">%s</Data></Cell></Row></Table>%s</Worksheet></Workbook>'
    place("cell.xml.xlsx", SEEN, lambda t: (sheet % ("", t, "")).encode())
    place("link.xml.xlsx", HIDDEN, lambda t: (sheet % (' ss:HRef="http://x/%s"' % t, "a", "")).encode())
    place("header.xml.xlsx", HIDDEN, lambda t: (sheet % ("", "a", '<WorksheetOptions><PageSetup><Header x:Data="&amp;L%s"/></PageSetup></WorksheetOptions>' % t)).encode())
    page = '<FixedPage xmlns="http://schemas.microsoft.com/xps/2005/06">%s</FixedPage>'

    def xps(body, more=None):
        return package({"[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="fdseq" ContentType="application/vnd.ms-package.xps-fixeddocumentsequence+xml"/><Default Extension="fdoc" ContentType="application/vnd.ms-package.xps-fixeddocument+xml"/><Default Extension="fpage" ContentType="application/vnd.ms-package.xps-fixedpage+xml"/><Default Extension="dict" ContentType="application/vnd.ms-package.xps-resourcedictionary+xml"/></Types>',
                        "_rels/.rels": rels([("http://schemas.microsoft.com/xps/2005/06/fixedrepresentation", "F.fdseq")]),
                        "F.fdseq": '<FixedDocumentSequence xmlns="http://schemas.microsoft.com/xps/2005/06"><DocumentReference Source="D.fdoc"/></FixedDocumentSequence>',
                        "D.fdoc": '<FixedDocument xmlns="http://schemas.microsoft.com/xps/2005/06"><PageContent Source="1.fpage"/></FixedDocument>',
                        "1.fpage": page % body, **(more or {})})

    place("text.xps", SEEN, lambda t: xps('<Glyphs UnicodeString="%s"/>' % t))
    place("indices.xps", NONE, lambda t: xps('<Glyphs Indices="3;4;5"/>'), unread="image")
    place("link.xps", HIDDEN, lambda t: xps('<Canvas FixedPage.NavigateUri="http://x/%s"/>' % t))
    place("resource.xps", HIDDEN, lambda t: xps("", {"r.dict": '<ResourceDictionary xmlns="http://schemas.microsoft.com/xps/2005/06"><VisualBrush><Glyphs UnicodeString="%s"/></VisualBrush></ResourceDictionary>' % t}))


# ---- reading ----------------------------------------------------------------------------------------------------------------------------


def token(i):
    return "Zq%04dxKw" % (1000 + i)


def read_all(top):
    """What milwardctl prints of each document: text that is seen, text that is not, names, reasons; by its place in the list."""
    message = email.message.EmailMessage()
    message["From"], message["To"] = "a@x.example", "b@y.example"
    message.set_content("See attached.")
    for i, (name, _, make, _) in enumerate(PLACES):
        message.add_attachment(make(token(i)), maintype="application", subtype="octet-stream", filename="%03d-%s" % (i, name.replace("@", token(i))))
    path = os.path.join(top, "all.eml")
    with open(path, "wb") as f:
        f.write(message.as_bytes())
    command = [os.path.join(BUILD, "milwardctl"), "-p", os.path.join(top, "office.policy")]
    command += ["--modules", os.path.join(BUILD, "modules/.libs"), "--policies", os.path.join(SRC, "policies"), "text", "--json", path]
    done = subprocess.run(command, capture_output=True, check=False, env=dict(os.environ, MILWARD_READER=os.path.join(BUILD, "milward-reader")))
    out = [{SEEN: "", HIDDEN: "", "names": "", "unread": set()} for _ in PLACES]
    for line in done.stdout.splitlines():
        part = json.loads(line)
        number = part["part"].split("!")[0].split("/")[0]
        if not number.isdigit() or int(number) < 2:
            continue
        one, octets = out[int(number) - 2], part["text"].encode()
        at = part.get("hidden", len(octets))
        one[SEEN] += octets[:at].decode()
        one[HIDDEN] += octets[at:].decode()
        one["names"] += part["part"] + " " + part.get("name", "") + "\n"
        if "unreadable" in part:
            one["unread"].add(part["unreadable"])
    return out


def main():
    if not os.path.exists(os.path.join(BUILD, "modules/.libs/extract-office.so")):
        print("1..0 # SKIP extract-office is not built")
        return 0
    for fill in (words, sheets, binary_sheets, slides, open_documents, flat_documents):
        fill()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="milward-places-") as top:
        with open(os.path.join(top, "office.policy"), "w", encoding="ascii") as f:
            f.write("load phi with extract-office, extract-html grant text\n")
        read = read_all(top)
    for i, ((name, where, _, unread), one) in enumerate(zip(PLACES, read)):
        word, wrong = token(i), []
        seen, hidden = word in one[SEEN], word in one[HIDDEN]
        good = {SEEN: seen, HIDDEN: hidden and not seen, ANY: seen or hidden or word in one["names"] or one["unread"], NONE: True}[where]
        if not good:
            wrong.append("the word is %s, not %s" % (SEEN if seen else HIDDEN if hidden else "missing", where))
        if one["unread"] != ({unread} if unread else set()) and where != ANY:
            wrong.append("unreadable: %s" % sorted(one["unread"]))
        for line in wrong:
            print("# %s" % line)
        failed += bool(wrong)
        print("%s %d - %s: %s" % ("not ok" if wrong else "ok", i + 1, name, where))
    print("1..%d" % len(PLACES))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
