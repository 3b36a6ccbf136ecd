/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/image.h"

#include <elf.h>
#include <errno.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What relocations are called here. A port adds its row; an unknown machine must not compile, or modules would look empty. */
#if defined(__x86_64__)
#define HOST_MACHINE EM_X86_64
#define HOST_RELATIVE R_X86_64_RELATIVE
#define HOST_ABSOLUTE R_X86_64_64
#elif defined(__aarch64__)
#define HOST_MACHINE EM_AARCH64
#define HOST_RELATIVE R_AARCH64_RELATIVE
#define HOST_ABSOLUTE R_AARCH64_ABS64
#elif defined(__i386__)
#define HOST_MACHINE EM_386
#define HOST_RELATIVE R_386_RELATIVE
#define HOST_ABSOLUTE R_386_32
#elif defined(__arm__)
#define HOST_MACHINE EM_ARM
#define HOST_RELATIVE R_ARM_RELATIVE
#define HOST_ABSOLUTE R_ARM_ABS32
#elif defined(__powerpc64__)
#define HOST_MACHINE EM_PPC64
#define HOST_RELATIVE R_PPC64_RELATIVE
#define HOST_ABSOLUTE R_PPC64_ADDR64
#elif defined(__s390x__)
#define HOST_MACHINE EM_S390
#define HOST_RELATIVE R_390_RELATIVE
#define HOST_ABSOLUTE R_390_64
#elif defined(__riscv)
#define HOST_MACHINE EM_RISCV
#define HOST_RELATIVE R_RISCV_RELATIVE
#define HOST_ABSOLUTE (__riscv_xlen == 64 ? R_RISCV_64 : R_RISCV_32)
#else
#error "src/engine/image.c: add the relocation numbers of this machine"
#endif

#if UINTPTR_MAX == UINT64_MAX
#define HOST_CLASS ELFCLASS64
#define RELOC_TYPE(info) ELF64_R_TYPE(info)
#define RELOC_SYMBOL(info) ELF64_R_SYM(info)
#else
#define HOST_CLASS ELFCLASS32
#define RELOC_TYPE(info) ELF32_R_TYPE(info)
#define RELOC_SYMBOL(info) ELF32_R_SYM(info)
#endif
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define HOST_ORDER ELFDATA2MSB
#else
#define HOST_ORDER ELFDATA2LSB
#endif

/* Addresses and sizes from PT_DYNAMIC, 0 = absent. */
struct dynamic {
	uintptr_t symtab, strtab, strsz, hash, gnu_hash;
	uintptr_t rela, relasz, rel, relsz, relr, relrsz;
};

/* n octets at an address of the file, NULL when they are not all inside. */
static unsigned char *image_at(const struct mw_image *img, uintptr_t address, size_t n)
{
	uintptr_t offset = address - img->low;

	if (address < img->low || offset > img->n || n > img->n - offset)
		return NULL;
	return img->p + offset;
}

static bool image_get(const struct mw_image *img, uintptr_t address, void *out, size_t n)
{
	const unsigned char *p = image_at(img, address, n);

	if (p)
		memcpy(out, p, n);
	return p != NULL;
}

/* address + index * size, false when that wraps. */
static bool element(uintptr_t address, uintptr_t index, size_t size, uintptr_t *ret)
{
	if (index > (UINTPTR_MAX - address) / size)
		return false;
	*ret = address + index * size;
	return true;
}

static int header_read(struct mw_str file, ElfW(Ehdr) * eh, struct mw_err *err)
{
	if (file.n < EI_NIDENT || memcmp(file.p, ELFMAG, SELFMAG) != 0)
		return mw_fail(err, -ENOEXEC, "is not a shared object (no ELF header)");
	if (file.p[EI_CLASS] != HOST_CLASS || file.p[EI_DATA] != HOST_ORDER)
		return mw_fail(err, -ENOEXEC, "is made for another machine (word size or byte order)");
	if (file.n < sizeof(*eh))
		return mw_fail(err, -ENOEXEC, "is damaged: the ELF header is cut off");
	memcpy(eh, file.p, sizeof(*eh));
	if (eh->e_machine != HOST_MACHINE)
		return mw_fail(err, -ENOEXEC, "is made for another machine (ELF machine %u, here %u)", (unsigned)eh->e_machine,
			       (unsigned)HOST_MACHINE);
	if (eh->e_type != ET_DYN)
		return mw_fail(err, -ENOEXEC, "is not a shared object (ELF type %u)", (unsigned)eh->e_type);
	if (eh->e_phentsize != sizeof(ElfW(Phdr)) || eh->e_phoff > file.n ||
	    eh->e_phnum > (file.n - eh->e_phoff) / sizeof(ElfW(Phdr)))
		return mw_fail(err, -ENOEXEC, "is damaged: the table of segments is cut off");
	return 0;
}

static ElfW(Phdr) segment(struct mw_str file, const ElfW(Ehdr) * eh, unsigned i)
{
	ElfW(Phdr) ph;

	memcpy(&ph, file.p + eh->e_phoff + i * sizeof(ph), sizeof(ph));
	return ph;
}

/* The range of addresses that the load segments cover, each of them checked against the file. */
static int image_extent(struct mw_str file, const ElfW(Ehdr) * eh, uintptr_t *low, size_t *size, struct mw_err *err)
{
	uintptr_t lo = UINTPTR_MAX, hi = 0;

	for (unsigned i = 0; i < eh->e_phnum; i++) {
		ElfW(Phdr) ph = segment(file, eh, i);

		if (ph.p_type != PT_LOAD)
			continue;
		if (ph.p_filesz > ph.p_memsz || ph.p_offset > file.n || ph.p_filesz > file.n - ph.p_offset ||
		    ph.p_memsz > UINTPTR_MAX - ph.p_vaddr)
			return mw_fail(err, -ENOEXEC, "is damaged: segment %u lies outside of the file", i);
		if (ph.p_vaddr < lo)
			lo = ph.p_vaddr;
		if (ph.p_vaddr + ph.p_memsz > hi)
			hi = ph.p_vaddr + ph.p_memsz;
	}
	lo &= ~(uintptr_t)0xffff; /* 64K is a multiple of every page size: alignment in the file is alignment in the image */
	if (hi <= lo)
		return mw_fail(err, -ENOEXEC, "is damaged: it has nothing to load");
	if (hi - lo > MW_IMAGE_MAX)
		return mw_fail(err, -ENOEXEC, "is damaged or too large: %zu octets of address space", (size_t)(hi - lo));
	*low = lo;
	*size = hi - lo;
	return 0;
}

static int image_fill(struct mw_str file, const ElfW(Ehdr) * eh, struct mw_image *img, struct mw_err *err)
{
	void *p;
	int r = image_extent(file, eh, &img->low, &img->n, err);

	if (r < 0)
		return r;
	p = mmap(NULL, img->n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return mw_fail_memory(err);
	img->p = p;
	for (unsigned i = 0; i < eh->e_phnum; i++) {
		ElfW(Phdr) ph = segment(file, eh, i);

		if (ph.p_type == PT_LOAD && ph.p_filesz)
			memcpy(img->p + (ph.p_vaddr - img->low), file.p + ph.p_offset, ph.p_filesz);
	}
	return 0;
}

static void dynamic_note(struct dynamic *d, const ElfW(Dyn) * e)
{
	switch (e->d_tag) {
	case DT_SYMTAB:
		d->symtab = e->d_un.d_ptr;
		break;
	case DT_STRTAB:
		d->strtab = e->d_un.d_ptr;
		break;
	case DT_STRSZ:
		d->strsz = e->d_un.d_val;
		break;
	case DT_HASH:
		d->hash = e->d_un.d_ptr;
		break;
	case DT_GNU_HASH:
		d->gnu_hash = e->d_un.d_ptr;
		break;
	case DT_RELA:
		d->rela = e->d_un.d_ptr;
		break;
	case DT_RELASZ:
		d->relasz = e->d_un.d_val;
		break;
	case DT_REL:
		d->rel = e->d_un.d_ptr;
		break;
	case DT_RELSZ:
		d->relsz = e->d_un.d_val;
		break;
	case DT_RELR:
		d->relr = e->d_un.d_ptr;
		break;
	case DT_RELRSZ:
		d->relrsz = e->d_un.d_val;
		break;
	default:
		break;
	}
}

/* The dynamic section, read from the image; false when there is none or it leaves the image. */
static bool dynamic_read(struct mw_str file, const struct mw_image *img, struct dynamic *d)
{
	ElfW(Ehdr) eh;

	if (header_read(file, &eh, NULL) < 0)
		return false;
	memset(d, 0, sizeof(*d));
	for (unsigned i = 0; i < eh.e_phnum; i++) {
		ElfW(Phdr) ph = segment(file, &eh, i);
		ElfW(Dyn) e;

		if (ph.p_type != PT_DYNAMIC)
			continue;
		for (uintptr_t at = ph.p_vaddr; ph.p_memsz >= sizeof(e); at += sizeof(e), ph.p_memsz -= sizeof(e)) {
			if (!image_get(img, at, &e, sizeof(e)))
				return false;
			if (e.d_tag == DT_NULL)
				return true;
			dynamic_note(d, &e);
		}
		return false; /* no DT_NULL */
	}
	return false;
}

/* Tables are data of the file: larger than the file is a lie that would cost time. */
static bool table_fits(struct mw_str file, const struct mw_image *img, uintptr_t address, uintptr_t size)
{
	return size == 0 || (size <= file.n && image_at(img, address, size));
}

static uintptr_t bias(const struct mw_image *img)
{
	return (uintptr_t)img->p - img->low;
}

/* One relocation. An entry that is not ours to resolve is left; one that leaves the image is damage. */
static bool relocate(const struct mw_image *img, const struct dynamic *d, uintptr_t offset, uintptr_t info, uintptr_t addend)
{
	uintptr_t value = bias(img) + addend;
	unsigned char *place = image_at(img, offset, sizeof(value));

	if (RELOC_TYPE(info) != HOST_RELATIVE && RELOC_TYPE(info) != HOST_ABSOLUTE)
		return true;
	if (!place)
		return false;
	if (RELOC_TYPE(info) == HOST_ABSOLUTE) {
		uintptr_t at;
		ElfW(Sym) s;

		if (!element(d->symtab, RELOC_SYMBOL(info), sizeof(s), &at) || !image_get(img, at, &s, sizeof(s)))
			return false;
		if (s.st_shndx == SHN_UNDEF)
			return true;
		value += s.st_value;
	}
	memcpy(place, &value, sizeof(value));
	return true;
}

static bool relocate_rela(const struct mw_image *img, const struct dynamic *d)
{
	for (uintptr_t done = 0; d->relasz - done >= sizeof(ElfW(Rela)); done += sizeof(ElfW(Rela))) {
		ElfW(Rela) r;

		if (!image_get(img, d->rela + done, &r, sizeof(r)) ||
		    !relocate(img, d, r.r_offset, r.r_info, (uintptr_t)r.r_addend))
			return false;
	}
	return true;
}

/* Without an addend in the table it is what the place holds. */
static bool relocate_rel(const struct mw_image *img, const struct dynamic *d)
{
	for (uintptr_t done = 0; d->relsz - done >= sizeof(ElfW(Rel)); done += sizeof(ElfW(Rel))) {
		uintptr_t addend = 0;
		ElfW(Rel) r;

		if (!image_get(img, d->rel + done, &r, sizeof(r)))
			return false;
		(void)image_get(img, r.r_offset, &addend, sizeof(addend));
		if (!relocate(img, d, r.r_offset, r.r_info, addend))
			return false;
	}
	return true;
}

static bool relocate_word(const struct mw_image *img, uintptr_t address)
{
	unsigned char *place = image_at(img, address, sizeof(uintptr_t));
	uintptr_t value;

	if (!place)
		return false;
	memcpy(&value, place, sizeof(value));
	value += bias(img);
	memcpy(place, &value, sizeof(value));
	return true;
}

/* DT_RELR: an even entry is an address; an odd one is a bitmap of the words that follow it. */
static bool relocate_relr(const struct mw_image *img, const struct dynamic *d)
{
	uintptr_t next = 0;

	for (uintptr_t done = 0; d->relrsz - done >= sizeof(uintptr_t); done += sizeof(uintptr_t)) {
		uintptr_t entry;

		if (!image_get(img, d->relr + done, &entry, sizeof(entry)))
			return false;
		if (!(entry & 1)) {
			if (!relocate_word(img, entry))
				return false;
			next = entry + sizeof(uintptr_t);
			continue;
		}
		for (unsigned bit = 0; (entry >>= 1) != 0; bit++)
			if ((entry & 1) && !relocate_word(img, next + bit * sizeof(uintptr_t)))
				return false;
		next += (sizeof(uintptr_t) * CHAR_BIT - 1) * sizeof(uintptr_t);
	}
	return true;
}

int mw_image_read(struct mw_str file, struct mw_image *ret, struct mw_err *err)
{
	struct mw_image img = {0};
	struct dynamic d;
	ElfW(Ehdr) eh;
	int r = header_read(file, &eh, err);

	if (r < 0)
		return r;
	r = image_fill(file, &eh, &img, err);
	if (r < 0)
		return r;
	if (!dynamic_read(file, &img, &d))
		r = mw_fail(err, -ENOEXEC, "is damaged: it has no dynamic section");
	else if (!table_fits(file, &img, d.rela, d.relasz) || !table_fits(file, &img, d.rel, d.relsz) ||
		 !table_fits(file, &img, d.relr, d.relrsz))
		r = mw_fail(err, -ENOEXEC, "is damaged: a table of relocations lies outside of it");
	else if (!relocate_relr(&img, &d) || !relocate_rela(&img, &d) || !relocate_rel(&img, &d))
		r = mw_fail(err, -ENOEXEC, "is damaged: a relocation points outside of it");
	else if (mprotect(img.p, img.n, PROT_READ) < 0)
		r = mw_fail(err, -errno, "cannot be read: mprotect: %s", strerror(errno));
	if (r < 0)
		mw_image_free(&img);
	else
		*ret = img;
	return r;
}

/* Is symbol `index` the defined one of that name? */
static bool symbol_is(const struct mw_image *img, const struct dynamic *d, uintptr_t index, const char *name, ElfW(Sym) * s)
{
	size_t n = strlen(name) + 1;
	const unsigned char *p;
	uintptr_t at;

	if (!element(d->symtab, index, sizeof(*s), &at) || !image_get(img, at, s, sizeof(*s)))
		return false;
	if (s->st_shndx == SHN_UNDEF || s->st_name > d->strsz || n > d->strsz - s->st_name)
		return false;
	p = image_at(img, d->strtab + s->st_name, n);
	return p && memcmp(p, name, n) == 0;
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	for (; *name; name++)
		h = h * 33 + (unsigned char)*name;
	return h;
}

/* DT_GNU_HASH: header (buckets, first symbol, words of the filter, shift), filter, buckets, chains. `most` bounds the walk. */
static bool find_gnu(const struct mw_image *img, const struct dynamic *d, const char *name, size_t most, ElfW(Sym) * s)
{
	uint32_t head[4], index, chain, want = gnu_hash(name);
	uintptr_t buckets, chains, at;

	if (!image_get(img, d->gnu_hash, head, sizeof(head)) || head[0] == 0)
		return false;
	if (!element(d->gnu_hash + sizeof(head), head[2], sizeof(uintptr_t), &buckets) ||
	    !element(buckets, head[0], sizeof(uint32_t), &chains) || !element(buckets, want % head[0], sizeof(uint32_t), &at) ||
	    !image_get(img, at, &index, sizeof(index)) || index < head[1])
		return false;
	for (size_t i = 0; i < most; i++, index++) {
		if (!element(chains, index - head[1], sizeof(uint32_t), &at) || !image_get(img, at, &chain, sizeof(chain)))
			return false;
		if ((chain | 1) == (want | 1) && symbol_is(img, d, index, name, s))
			return true;
		if ((chain & 1) || index == UINT32_MAX)
			return false;
	}
	return false;
}

/* DT_HASH: buckets, symbols, the buckets, the chains. All symbols are tried: there are few, and chains may be circular. */
static bool find_sysv(const struct mw_image *img, const struct dynamic *d, const char *name, size_t most, ElfW(Sym) * s)
{
	uint32_t head[2];

	if (!image_get(img, d->hash, head, sizeof(head)))
		return false;
	for (uint32_t i = 0; i < head[1] && i < most; i++)
		if (symbol_is(img, d, i, name, s))
			return true;
	return false;
}

const void *mw_image_symbol(const struct mw_image *img, struct mw_str file, const char *name)
{
	size_t most = file.n / sizeof(ElfW(Sym));
	struct dynamic d;
	ElfW(Sym) s;
	bool found;

	if (!dynamic_read(file, img, &d))
		return NULL;
	found = d.gnu_hash ? find_gnu(img, &d, name, most, &s) : d.hash && find_sysv(img, &d, name, most, &s);
	return found ? image_at(img, s.st_value, 1) : NULL;
}

void mw_image_free(struct mw_image *img)
{
	if (img->p)
		(void)munmap(img->p, img->n);
	*img = (struct mw_image){0};
}
