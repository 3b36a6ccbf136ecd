/* SPDX-License-Identifier: Apache-2.0 */
/*
 * disk_faults: a disk that fails at a step. Linked into a test program, its write(), fsync(), linkat() and so on are what the program and its
 * libraries call; nothing of this is in what is shipped. Counted are calls on files of this process that change a disk, once armed.
 */
#ifndef MW_TEST_DISK_FAULTS_H
#define MW_TEST_DISK_FAULTS_H

enum disk_fault {
	DISK_WELL,
	DISK_KILLS, /* the process is killed before the step */
	DISK_TEARS, /* a write does half, then the process is killed */
	DISK_FULL,  /* this step and all that need room fail with ENOSPC until disk_disarm() */
	DISK_FAILS, /* this one step fails with EIO */
};
void disk_arm(enum disk_fault, unsigned step); /* from 1 */
/* How many steps there were. */
unsigned disk_disarm(void);

#endif
