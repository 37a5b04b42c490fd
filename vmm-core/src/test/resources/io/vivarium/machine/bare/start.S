# Entry of a bare-metal guest by PVH (Xen's HVM direct boot): 32-bit protected mode without paging.
# Maps 4 GiB one to one and calls guest_main in 64-bit mode, on the first processor.
	.section .note, "a"
	.long 4, 4, 18			# XEN_ELFNOTE_PHYS32_ENTRY
	.asciz "Xen"
	.long start32

	.text
	.code32
	.globl start32
start32:
	cli
	movl $stack_end, %esp
	movl $pml4, %edi
	xorl %eax, %eax
	movl $(6 * 1024), %ecx
	rep stosl
	movl $(pdpt + 3), pml4
	movl $(pd + 3), pdpt
	movl $(pd + 0x1000 + 3), pdpt + 8
	movl $(pd + 0x2000 + 3), pdpt + 16
	movl $(pd + 0x3000 + 3), pdpt + 24
	movl $pd, %edi
	movl $0x83, %eax		# 2 MiB pages, writable
	movl $2048, %ecx
1:	movl %eax, (%edi)
	addl $0x200000, %eax
	addl $8, %edi
	decl %ecx
	jnz 1b
	movl %cr4, %eax
	orl $0x20, %eax
	movl %eax, %cr4
	movl $pml4, %eax
	movl %eax, %cr3
	movl $0xc0000080, %ecx
	rdmsr
	orl $0x100, %eax
	wrmsr
	movl %cr0, %eax
	orl $0x80000001, %eax
	movl %eax, %cr0
	lgdt gdt_pointer
	ljmp $8, $start64

	.code64
start64:
	movl $16, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movq $stack_end, %rsp
	call guest_main
1:	cli
	hlt
	jmp 1b

	.data
	.align 8
gdt:
	.quad 0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdt_pointer:
	.word . - gdt - 1
	.long gdt

	.bss
	.align 4096
pml4:	.skip 4096
pdpt:	.skip 4096
pd:	.skip 4 * 4096
	.skip 16384
stack_end:

	.section .note.GNU-stack, "", @progbits
