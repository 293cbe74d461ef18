// SPDX-License-Identifier: GPL-2.0-only
/*
 * scripttest.c - runs compiled scripts in the kernel, with the same evaluator and the same mock machine as
 * the unit tests, so that the two can be compared.
 *
 *   /dev/script-test  (write) a program and a state, see ScriptTest.h: verified and run; EINVAL if refused
 *                     (read)  what it printed
 *
 * Context: process.
 */
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "script/eval/Map.h"
#include "script/eval/Verify.h"
#include "script/mock/Mock.h"
#include "tests/vm/modules/scripttest/ScriptTest.h"

#define SCRIPT_TEST_MAP_MEMORY (64ull << 20)

static DEFINE_MUTEX(script_test_lock);
static char *script_test_output;
static u32 script_test_length;

static VOID script_test_print(PVOID context, const CHAR *text, UINT32 length)
{
    u32 room = SCRIPT_TEST_OUTPUT - script_test_length;

    length = min(length, room);
    memcpy(script_test_output + script_test_length, text, length);
    script_test_length += length;
}

static void script_test_free(SCRIPT_INSTANCE *instance)
{
    u32 map;

    for (map = 0; instance->Maps && map < instance->View.Counts[SCRIPT_SECTION_MAPS]; map++)
        vfree(instance->Maps[map]);
    kvfree(instance->Maps);
    kvfree(instance->Globals);
    kvfree(instance->GlobalOffsets);
}

static int script_test_prepare(SCRIPT_INSTANCE *instance, const SCRIPT_PROGRAM *program, u32 cores)
{
    u32 map, *offsets;

    ScriptViewProgram(program, &instance->View);
    instance->Cores = cores;
    offsets         = kvcalloc(instance->View.Counts[SCRIPT_SECTION_GLOBALS] + 1, sizeof(u32), GFP_KERNEL);
    instance->GlobalOffsets = offsets;
    instance->Maps = kvcalloc(instance->View.Counts[SCRIPT_SECTION_MAPS] + 1, sizeof(PVOID), GFP_KERNEL);
    if (!offsets || !instance->Maps)
        return -ENOMEM;
    instance->GlobalBytes = ScriptLayoutGlobals(&instance->View, offsets);
    instance->Globals     = kvzalloc(instance->GlobalBytes + 8, GFP_KERNEL);
    if (!instance->Globals)
        return -ENOMEM;
    for (map = 0; map < instance->View.Counts[SCRIPT_SECTION_MAPS]; map++) {
        u64 bytes = ScriptMapBytes(&instance->View.Maps[map], cores);

        instance->Maps[map] = bytes <= SCRIPT_TEST_MAP_MEMORY ? vzalloc(bytes) : NULL;
        if (!instance->Maps[map])
            return -ENOMEM;
    }
    return 0;
}

static int script_test_run(const SCRIPT_PROGRAM *program, MOCK_STATE *state)
{
    SCRIPT_INSTANCE instance = {};
    SCRIPT_RESULT result     = {};
    MOCK mock                = {.State = state, .Instance = &instance, .Print = script_test_print};
    int error                = script_test_prepare(&instance, program, state->Cores);

    mock.Machine = kvzalloc(sizeof(*mock.Machine), GFP_KERNEL);
    if (!error && mock.Machine)
        MockRun(&mock, &result);
    else
        error = -ENOMEM;
    kvfree(mock.Machine);
    script_test_free(&instance);
    return error;
}

/* The state comes from the test itself, but a wrong one must not take the kernel with it. */
static bool script_test_state_is_good(const MOCK_STATE *state)
{
    u32 i;

    if (state->RegionCount > MOCK_MAXIMUM_REGIONS || state->SymbolCount > MOCK_MAXIMUM_SYMBOLS ||
        state->StackCount > SCRIPT_STACK_FRAMES || !state->Cores || state->Cores > MOCK_MAXIMUM_CORES ||
        state->Runs > MOCK_MAXIMUM_RUNS)
        return false;
    for (i = 0; i < state->Runs; i++)
        if (state->RunCores[i] >= state->Cores)
            return false;
    for (i = 0; i < state->RegionCount; i++)
        if (state->Regions[i].Size > MOCK_MEMORY_BYTES ||
            state->Regions[i].Place > MOCK_MEMORY_BYTES - state->Regions[i].Size)
            return false;
    return true;
}

static int script_test_take(const char __user *buffer, size_t size)
{
    SCRIPT_REFUSAL refusal;
    SCRIPT_TEST_RUN run;
    SCRIPT_PROGRAM *program = NULL;
    MOCK_STATE *state       = NULL;
    int error               = -EINVAL;

    if (size < sizeof(run) || copy_from_user(&run, buffer, sizeof(run)))
        return -EFAULT;
    if (run.StateSize < offsetof(MOCK_STATE, Memory) || run.StateSize > sizeof(MOCK_STATE) ||
        run.ProgramSize > SCRIPT_MAXIMUM_BLOCK || size != sizeof(run) + run.ProgramSize + run.StateSize)
        return -EINVAL;
    program = vmemdup_user(buffer + sizeof(run), run.ProgramSize);
    state   = kvzalloc(sizeof(*state), GFP_KERNEL);
    if (IS_ERR(program) || !state ||
        copy_from_user(state, buffer + sizeof(run) + run.ProgramSize, run.StateSize)) {
        error = -EFAULT;
    } else if (!ScriptVerify(program, run.ProgramSize, &refusal)) {
        pr_info("scripttest: refused at instruction %u: %s\n", refusal.Instruction, refusal.Reason);
    } else if (script_test_state_is_good(state)) {
        error = script_test_run(program, state);
    }
    kvfree(IS_ERR(program) ? NULL : program);
    kvfree(state);
    return error;
}

static ssize_t script_test_write(struct file *file, const char __user *buffer, size_t size, loff_t *offset)
{
    int error;

    mutex_lock(&script_test_lock);
    script_test_length = 0;
    error              = script_test_take(buffer, size);
    mutex_unlock(&script_test_lock);
    return error ? error : size;
}

static ssize_t script_test_read(struct file *file, char __user *buffer, size_t size, loff_t *offset)
{
    ssize_t done;

    mutex_lock(&script_test_lock);
    done = simple_read_from_buffer(buffer, size, offset, script_test_output, script_test_length);
    mutex_unlock(&script_test_lock);
    return done;
}

static const struct file_operations script_test_operations = {
    .owner = THIS_MODULE,
    .read  = script_test_read,
    .write = script_test_write,
};

static struct miscdevice script_test_device = {
    .minor = MISC_DYNAMIC_MINOR,
    .name  = "script-test",
    .fops  = &script_test_operations,
};

static int __init script_test_init(void)
{
    int error;

    script_test_output = vmalloc(SCRIPT_TEST_OUTPUT);
    if (!script_test_output)
        return -ENOMEM;
    error = misc_register(&script_test_device);
    if (error)
        vfree(script_test_output);
    return error;
}

static void __exit script_test_exit(void)
{
    misc_deregister(&script_test_device);
    vfree(script_test_output);
}

module_init(script_test_init);
module_exit(script_test_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Runs compiled scripts on a mock machine, for tests");
