/* SPDX-License-Identifier: Apache-2.0 */
#include "label.h"

#include <string.h>

struct row {
	uint16_t id;
	const char *label;
};

/* In the order of their numbers, as mapi_label() looks them up. */
static const struct row message_rows[] = {
    {0x0015, "Expires"},
    {0x0037, "Subject"},
    {0x0039, "Sent"},
    {0x0042, "From"},
    {0x0048, "Reply by"},
    {0x0049, "Original subject"},
    {0x004d, "Original author"},
    {0x004e, "Original sent"},
    {0x0050, "Reply to"},
    {0x005a, "Original sender"},
    {0x0060, "Start"},
    {0x0061, "End"},
    {0x0065, "From address"},
    {0x0072, "Original Bcc"},
    {0x0073, "Original Cc"},
    {0x0074, "Original To"},
    {0x0c1a, "Sender"},
    {0x0c1f, "Sender address"},
    {0x0e02, "Bcc"},
    {0x0e03, "Cc"},
    {0x0e04, "To"},
    {0x0e06, "Received"},
    {0x1001, "Report"},
    {0x3001, "Name"},
    {0x3003, "Email"},
    {0x3004, "Comment"},
    {0x39fe, "Email"},
    {0x3a00, "Account"},
    {0x3a02, "Callback phone"},
    {0x3a05, "Name suffix"},
    {0x3a06, "First name"},
    {0x3a07, "Government ID number"},
    {0x3a08, "Business phone"},
    {0x3a09, "Home phone"},
    {0x3a0a, "Initials"},
    {0x3a0b, "Keyword"},
    {0x3a0c, "Language"},
    {0x3a0d, "Location"},
    {0x3a10, "Organizational ID number"},
    {0x3a11, "Last name"},
    {0x3a13, "Original name"},
    {0x3a15, "Postal address"},
    {0x3a16, "Company"},
    {0x3a17, "Title"},
    {0x3a18, "Department"},
    {0x3a19, "Office"},
    {0x3a1a, "Primary phone"},
    {0x3a1b, "Business phone 2"},
    {0x3a1c, "Mobile phone"},
    {0x3a1d, "Radio phone"},
    {0x3a1e, "Car phone"},
    {0x3a1f, "Other phone"},
    {0x3a21, "Pager"},
    {0x3a23, "Primary fax"},
    {0x3a24, "Business fax"},
    {0x3a25, "Home fax"},
    {0x3a26, "Country"},
    {0x3a27, "City"},
    {0x3a28, "State"},
    {0x3a29, "Street address"},
    {0x3a2a, "ZIP code"},
    {0x3a2b, "PO box"},
    {0x3a2c, "Telex"},
    {0x3a2d, "ISDN"},
    {0x3a2e, "Assistant's phone"},
    {0x3a2f, "Home phone 2"},
    {0x3a30, "Assistant"},
    {0x3a41, "Anniversary"},
    {0x3a42, "Birthday"},
    {0x3a43, "Hobbies"},
    {0x3a44, "Middle name"},
    {0x3a45, "Name prefix"},
    {0x3a46, "Profession"},
    {0x3a47, "Referred by"},
    {0x3a48, "Spouse"},
    {0x3a49, "Computer network name"},
    {0x3a4a, "Customer ID"},
    {0x3a4b, "TTY phone"},
    {0x3a4c, "FTP site"},
    {0x3a4d, "Gender"},
    {0x3a4e, "Manager"},
    {0x3a4f, "Nickname"},
    {0x3a50, "Personal web page"},
    {0x3a51, "Business web page"},
    {0x3a57, "Company phone"},
    {0x3a58, "Children"},
    {0x3a59, "Home city"},
    {0x3a5a, "Home country"},
    {0x3a5b, "Home ZIP code"},
    {0x3a5c, "Home state"},
    {0x3a5d, "Home street address"},
    {0x3a5e, "Home PO box"},
    {0x3a5f, "Other city"},
    {0x3a60, "Other country"},
    {0x3a61, "Other ZIP code"},
    {0x3a62, "Other state"},
    {0x3a63, "Other street address"},
    {0x3a64, "Other PO box"},
    {0x5d01, "Sender address"},
    {0x5d02, "From address"},
};

static const struct row recipient_rows[] = {
    {0x3001, "Recipient"},
    {0x3003, "Recipient address"},
    {0x39fe, "Recipient address"},
};

static const struct row attachment_rows[] = {
    {0x3001, "Attachment"}, {0x3004, "Attachment comment"}, {0x3704, "Attachment"},
    {0x3707, "Attachment"}, {0x3708, "Attachment path"},    {0x370d, "Attachment path"},
};

/* Sets of names, by the first four octets of their GUID; the rest of those is {0000-0000-C000-000000000046}. */
enum {
	SET_PUBLIC = 0x00020329,
	SET_APPOINTMENT = 0x00062002,
	SET_TASK,
	SET_ADDRESS,
	SET_COMMON = 0x00062008,
	SET_LOG = 0x0006200a
};

static const struct named {
	uint32_t set, lid;
	const char *label;
} named_rows[] = {
    {SET_APPOINTMENT, 0x8208, "Location"},
    {SET_APPOINTMENT, 0x820d, "Start"},
    {SET_APPOINTMENT, 0x820e, "End"},
    {SET_APPOINTMENT, 0x8232, "Recurrence"},
    {SET_APPOINTMENT, 0x8234, "Time zone"},
    {SET_APPOINTMENT, 0x8238, "Attendees"},
    {SET_APPOINTMENT, 0x823b, "Required attendees"},
    {SET_APPOINTMENT, 0x823c, "Optional attendees"},
    {SET_TASK, 0x8104, "Start"},
    {SET_TASK, 0x8105, "Due"},
    {SET_TASK, 0x810f, "Completed"},
    {SET_TASK, 0x811f, "Owner"},
    {SET_TASK, 0x8121, "Assigned by"},
    {SET_TASK, 0x8125, "Delegated by"},
    {SET_ADDRESS, 0x8005, "File as"},
    {SET_ADDRESS, 0x801a, "Home address"},
    {SET_ADDRESS, 0x801b, "Business address"},
    {SET_ADDRESS, 0x801c, "Other address"},
    {SET_ADDRESS, 0x802b, "Web page"},
    {SET_ADDRESS, 0x802c, "First name as spoken"},
    {SET_ADDRESS, 0x802d, "Last name as spoken"},
    {SET_ADDRESS, 0x802e, "Company as spoken"},
    {SET_ADDRESS, 0x8045, "Business street address"},
    {SET_ADDRESS, 0x8046, "Business city"},
    {SET_ADDRESS, 0x8047, "Business state"},
    {SET_ADDRESS, 0x8048, "Business ZIP code"},
    {SET_ADDRESS, 0x8049, "Business country"},
    {SET_ADDRESS, 0x804a, "Business PO box"},
    {SET_ADDRESS, 0x804f, "User field 1"},
    {SET_ADDRESS, 0x8050, "User field 2"},
    {SET_ADDRESS, 0x8051, "User field 3"},
    {SET_ADDRESS, 0x8052, "User field 4"},
    {SET_ADDRESS, 0x8054, "Member"}, /* of a list: octets with a name and an address in them */
    {SET_ADDRESS, 0x8055, "Member"},
    {SET_ADDRESS, 0x8062, "Messenger"},
    {SET_ADDRESS, 0x8080, "Email name"},
    {SET_ADDRESS, 0x8083, "Email"},
    {SET_ADDRESS, 0x8084, "Email"},
    {SET_ADDRESS, 0x8090, "Email 2 name"},
    {SET_ADDRESS, 0x8093, "Email 2"},
    {SET_ADDRESS, 0x8094, "Email 2"},
    {SET_ADDRESS, 0x80a0, "Email 3 name"},
    {SET_ADDRESS, 0x80a3, "Email 3"},
    {SET_ADDRESS, 0x80a4, "Email 3"},
    {SET_ADDRESS, 0x80b3, "Primary fax"},
    {SET_ADDRESS, 0x80c3, "Business fax"},
    {SET_ADDRESS, 0x80d3, "Home fax"},
    {SET_ADDRESS, 0x80d8, "Free/busy address"},
    {SET_ADDRESS, 0x80de, "Birthday"},
    {SET_ADDRESS, 0x80df, "Anniversary"},
    {SET_COMMON, 0x8516, "Start"},
    {SET_COMMON, 0x8517, "End"},
    {SET_COMMON, 0x8530, "Flag"},
    {SET_COMMON, 0x8534, "Mileage"},
    {SET_COMMON, 0x8535, "Billing"},
    {SET_COMMON, 0x8539, "Companies"},
    {SET_COMMON, 0x853a, "Contacts"},
    {SET_COMMON, 0x8560, "Reminder"},
    {SET_COMMON, 0x85a4, "To-do"},
    {SET_LOG, 0x8700, "Entry type"},
    {SET_LOG, 0x8706, "Start"},
    {SET_LOG, 0x8708, "End"},
    {SET_LOG, 0x8712, "Entry"},
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *find(const struct row *row, size_t n, uint16_t id)
{
	while (n) {
		size_t half = n / 2;

		if (row[half].id == id)
			return row[half].label;
		if (row[half].id < id) {
			row += half + 1;
			n -= half + 1;
		} else {
			n = half;
		}
	}
	return NULL;
}

/* 0 = a GUID of nobody that we know. */
static uint32_t set_of(const struct mapi_prop *p)
{
	static const char rest[12] = {0, 0, 0, 0, '\xc0', 0, 0, 0, 0, 0, 0, 0x46};

	return p->guid && memcmp(p->guid + 4, rest, sizeof(rest)) == 0 ? mapi_u32(p->guid) : 0;
}

bool mapi_is_user_field(const struct mapi_prop *p)
{
	return p->name.n && set_of(p) == SET_PUBLIC;
}

const char *mapi_label(enum mapi_scope scope, const struct mapi_prop *p)
{
	uint32_t set;

	if (p->id >= MAPI_NAMED) {
		set = p->name.n ? 0 : set_of(p);
		for (size_t i = 0; set && i < COUNT(named_rows); i++)
			if (named_rows[i].set == set && named_rows[i].lid == p->lid)
				return named_rows[i].label;
		return NULL;
	}
	switch (scope) {
	case MAPI_RECIPIENT:
		return find(recipient_rows, COUNT(recipient_rows), p->id);
	case MAPI_ATTACHMENT:
		return find(attachment_rows, COUNT(attachment_rows), p->id);
	case MAPI_MESSAGE:
		break;
	}
	return find(message_rows, COUNT(message_rows), p->id);
}
