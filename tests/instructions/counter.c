/* Counts the instructions a program runs under qemu-user, all threads together.

   A QEMU TCG plugin (documentation: "QEMU TCG Plugins", API version 1). The program says
   where it stands by prctl(MARK, which): the count so far is then written to the file
   that the environment names in INSTRUCTIONS_OUT. The header is not packaged, so the
   few names that are used are declared here as the documentation gives them. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK 0x6c696b65
#define API __attribute__((visibility("default")))

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
enum op { INLINE_ADD_U64 };
typedef void (*translated)(plugin_id, struct qemu_plugin_tb *);
typedef void (*called)(plugin_id, unsigned, int64_t, uint64_t, uint64_t, uint64_t,
                       uint64_t, uint64_t, uint64_t, uint64_t, uint64_t);
void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, translated);
void qemu_plugin_register_vcpu_syscall_cb(plugin_id, called);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *, enum op, void *,
                                              uint64_t);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);

API int qemu_plugin_version = 1;

static uint64_t count;
static FILE *out;

static void on_block(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(block, INLINE_ADD_U64, &count,
                                             qemu_plugin_tb_n_insns(block));
}

/* Whatever number prctl has on the guest: nothing else is called with this magic. */
static void on_call(plugin_id id, unsigned cpu, int64_t number, uint64_t a1, uint64_t a2,
                    uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                    uint64_t a8)
{
    (void)id, (void)cpu, (void)number, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7,
        (void)a8;
    if (a1 == MARK) {
        fprintf(out, "%llu %llu\n", (unsigned long long)a2, (unsigned long long)count);
        fflush(out);
    }
}

API int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
    (void)info, (void)argc, (void)argv;
    const char *path = getenv("INSTRUCTIONS_OUT");
    out = path ? fopen(path, "w") : stderr;
    if (!out)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_vcpu_syscall_cb(id, on_call);
    return 0;
}
