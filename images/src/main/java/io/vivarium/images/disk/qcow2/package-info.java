/**
 * qcow2, read and written as QEMU's docs/interop/qcow2.txt specifies version 3 (version 2 is read
 * only). Names of fields are the specification's.
 *
 * <p><b>Order of writes.</b> Data goes to the file at once. What refers to it, L2 entries, stays in
 * memory until a flush, which makes data and refcounts durable first, then writes L2 tables, makes
 * them durable, and then L1 entries of new tables. Clusters that were let go are reused only after
 * the entries that named them are durably gone. So whatever moment a power loss or a {@code kill
 * -9} picks, the file holds at least what was last flushed, and at worst clusters that nothing
 * refers to. The dirty bit stands in the header meanwhile, and the next open counts anew.
 *
 * <p><b>Refcounts.</b> Those of the file are not trusted: opening for writing counts what L1 and L2
 * tables refer to, and refuses an image in which a cluster has two uses. The counts in memory are
 * what is allocated from, and what is written.
 *
 * <p><b>Chains.</b> What stands below the disk that is opened is sealed, so one merged index over
 * all of it tells which layer holds a cluster, however many there are.
 */
@org.jspecify.annotations.NullMarked
package io.vivarium.images.disk.qcow2;
