//! Every check, in the order in which they run. A check is one file here and one line in the list below.

use crate::check::Check;
use crate::subject::Subject;

/// Declares the modules of the checks, and [`CATALOGUE`] in the same order.
macro_rules! catalogue {
    ($list:ident: $($folder:ident { $($check:ident,)* })+) => {
        $(mod $folder { $(pub(super) mod $check;)* })+

        static $list: &[&Check] = &[$($(&$folder::$check::CHECK,)*)+];
    };
}

catalogue! { CATALOGUE:
    web {
        caps_options_200,
        accept_absent_406,
        accept_unsupported_406,
        accept_search_unsupported_406,
        accept_wildcard_default,
        accept_invalid_member_ignored,
        accept_dicom_and_rendered_400,
        accept_type_quotes_equal,
        query_unknown_ignored,
        query_invalid_value_400,
        status_405_allow,
        status_error_has_report,
        msg_length_framing,
        msg_content_type,
        caps_wadl_shape,
        caps_declared_vs_observed,
        accept_q_order,
        accept_query_parameter,
        status_gone_or_404,
        charset_unsupported_ignored,
    }
    stow {
        all_200,
        partial_202,
        partial_accounts_for_all,
        partial_body_agrees_with_store,
        mp_token_inside_pixels,
        all_referenced_sop,
        all_no_failed_sop,
        all_retrieve_url,
        all_location,
        resp_json_type,
        resp_shape,
        partial_failed_sop,
        status_agrees_with_body,
        none_409,
        fail_sop_class_0122,
        fail_transfer_syntax_c122,
        fail_not_understood_cxxx,
        fail_vocabulary,
        fail_unreadable_part,
        status_400_syntax,
        status_400_empty_body,
        status_400_zero_parts,
        status_400_no_boundary,
        status_400_truncated,
        status_415_content_type,
        status_415_part_type,
        mp_boundary_unquoted,
        mp_boundary_quoted_special,
        mp_boundary_70,
        mp_boundary_inner_space,
        mp_preamble_epilogue,
        mp_padding_after_boundary,
        mp_part_header_case,
        te_chunked,
        mp_lf_only,
        mp_no_part_type,
        mp_split_delimiter,
        mp_compact_file_end,
        study_multi_study,
        repeat_idempotent,
        repeat_in_one_request,
        repeat_changed_content,
        conflict_patient_id,
        conflict_reported,
        resp_xml,
        fail_mismatch_a9xx,
        warn_mismatch_b007,
        warn_coercion_b000,
        warn_original_attributes,
        warn_discarded_b006,
        media_metadata_json,
        media_metadata_xml,
        media_bulkdata_missing,
        fidelity_private_and_unknown,
    }
    qido {
        resource_studies,
        resource_study_series,
        resource_series_instances,
        resource_study_instances,
        resource_all_series,
        resource_all_instances,
        empty,
        media_json_array,
        media_xml,
        return_study,
        return_series,
        return_instance,
        return_retrieve_url,
        return_availability,
        return_match_keys,
        count_study_series,
        count_study_instances,
        count_series_instances,
        set_exact,
        value_equals_stored,
        modalities_in_study,
        match_study_keys,
        match_series_keys,
        match_instance_keys,
        match_tag_and_keyword,
        match_keyword_case,
        match_conjunction,
        match_case_sensitive,
        match_wildcard_star,
        match_wildcard_question,
        match_star_universal,
        match_no_wildcard_on_uid,
        match_sql_like_chars,
        match_uid_list,
        match_date_range,
        match_time_range,
        match_datetime_combined,
        match_sequence_path,
        match_percent_encoding,
        match_private_with_creator,
        fuzzy_unsupported_warning,
        fuzzy_superset,
        emptyvalue_warning_or_support,
        multivalue_warning_or_support,
        include_keyword_tag_list,
        include_all,
        include_lower_level_omitted,
        include_higher_level,
        page_limit,
        page_offset_disjoint,
        page_idempotent_order,
        page_remaining_warning,
        page_past_end,
        page_limit_zero,
        page_server_cap,
        scope_unknown_parent,
        fresh_read_your_writes,
    }
    json {
        key_form,
        key_order,
        no_group_length,
        vr_present,
        one_value_form,
        types,
        pn_object,
        empty_attribute,
        null_holes,
        empty_item,
        inline_binary,
        utf8,
        no_padding,
    }
    wado {
        study_200,
        study_complete,
        series_200,
        instance_200,
        mp_part_content_type,
        mp_content_location,
        mp_close_delimiter,
        mp_boundary_unique,
        single_instance,
        single_study_406,
        p10_file_meta,
        ts_default_explicit_le,
        ts_lossy_kept,
        ts_never_implicit,
        ts_wildcard,
        ts_requested,
        ts_undeclared_406,
        ts_param_equals_meta,
        ts_pixels_lossless,
        fidelity_dataset,
        unknown_404,
        wrong_parent_404,
        bad_uid_400,
        meta_levels,
        meta_no_group_2,
        meta_complete,
        meta_bulk_vr,
        meta_xml,
        meta_no_inline_pixels,
        bulk_uri_resolves,
        bulk_content_location,
        bulk_instance_resource,
        frames_one,
        frames_list,
        frames_media_and_ts,
        frames_compressed,
        frames_fragments_joined,
        frames_bit_packed,
        frames_single_frame_object,
        frames_zero_and_junk,
        frames_out_of_range,
    }
    rend {
        resources,
        jpeg_default,
        png_required,
        gif_required,
        size,
        viewport_fit,
        viewport_crop_flip,
        viewport_bad_400,
        window_applied,
        window_functions,
        window_missing_400,
        quality_range_400,
        quality_monotone,
        annotation_junk_400,
        default_voi,
        monochrome1,
        colour,
        right_frame,
        sr_html,
        thumbnail_all_or_none,
        thumbnail_one_image,
    }
    ext {
        delete_undeclared_405,
    }
    association {
        pdv_fragments,
        accept,
        ac_echo_fields,
        one_answer_per_context,
        pc_abstract_3,
        pc_transfer_4,
        pc_chosen_was_offered,
        pc_odd_ids,
        pc_128_contexts,
        rj_called_aet,
        rj_calling_aet,
        rj_application_context,
        rj_protocol_version,
        version_bit0_only,
        rj_transient_limit,
        artim_idle,
        reserved_not_tested,
        userinfo_unknown_subitem,
        userinfo_implementation_uid,
        userinfo_version_name,
        userinfo_max_length_present,
        async_only_if_proposed,
        role_not_beyond_offer,
        user_identity,
        max_pdu_theirs,
        max_pdu_exceeded,
        pdv_many_per_pdu,
        pdv_tcp_split,
        pdv_unnegotiated_context,
        pdu_unknown_before,
        pdu_unknown_after,
        pdu_second_rq,
        pdu_data_before_rq,
        pdu_lying_length,
        release,
        release_collision,
        abort_frees,
    }
    command {
        order_and_length,
        echoes_message_id,
        status_class,
        unrecognized_0211,
        echo_success,
    }
    storage {
        success,
        rsp_fields,
        not_before_received,
        mismatch_uid,
        missing_type1,
        not_understood,
        class_not_negotiated,
        out_of_resources,
        warning_status,
        duplicate,
        implicit_in_explicit_out,
        not_authorized_0124,
    }
    find {
        pending_then_success,
        none,
        requested_keys_only,
        level_echoed,
        retrieve_aet,
        no_level_a900,
        bad_level,
        patient_on_study_root,
        hierarchy,
        relational_negotiated,
        optional_key_ff01,
        wildcard,
        range,
        uid_list,
        sequence,
        charset,
        cancel,
        cancel_late,
        count_keys,
    }
    retrieve {
        move_mixed_b000,
        move_unknown_destination,
        move_other_association,
        move_originator,
        move_pending_counts,
        move_final_counts,
        move_failed_uid_list,
        move_all_failed_a702,
        move_destination_down,
        move_no_match,
        move_no_context,
        move_cancel,
        move_levels,
        move_no_level_a900,
        get_same_association,
        get_role_required,
        get_no_context_counted,
        get_final_counts,
        get_cancel,
        get_our_failure_reported,
    }
    commitment {
        action_success,
        event_1,
        event_2,
        class_conflict_0119,
        other_association,
        survives_delete,
    }
    consistency {
        stow_find,
        cstore_qido,
        same_answer,
        same_pixels,
        same_dataset,
        same_failure,
        metadata_is_dataset,
        commit_truth,
        delete_everywhere,
        warning_parity,
        no_phi_in_errors,
    }
}

catalogue! { OF_SERVERS:
    mcp {
        init_result,
        init_first,
        init_ping_before,
        init_same_version,
        init_other_version,
        init_missing_field,
        init_twice,
        stdio_stdout_pure,
        stdio_one_line_per_message,
        stdio_utf8,
        stdio_framing_input,
        stdio_large_result,
        stdio_eof_exits,
        stdio_sigterm,
        stdio_client_gone,
        rpc_parse_error,
        rpc_invalid_request,
        rpc_unknown_method,
        rpc_unknown_notification,
        rpc_id_echo,
        rpc_error_shape,
        rpc_parallel_20,
        caps_declared_is_real,
        ping_during_call,
        tools_schema_valid,
        tools_names,
        tools_stable_order,
        tools_bad_cursor,
        tools_unknown_tool,
        tools_malformed_call,
        tools_input_validation,
        tools_archive_errors,
        tools_partial_is_not_success,
        tools_output_schema,
        tools_structured_text,
        tools_image,
        tools_annotations_true,
        cancel_stops,
        cancel_unknown_or_late,
        progress_only_if_asked,
        progress_increases_then_stops,
        log_declared,
        log_no_secrets,
        timeout_archive_hang,
        truth_each_tool,
        truth_finds_stored,
        truth_none_is_no_error,
        truth_names_whole,
        modern_discover,
        modern_stateless,
    }
}

catalogue! { OF_CLIENTS:
    client {
        all_stored,
        all_once,
        all_unchanged,
        all_multipart,
        exit_success,
        exit_partial,
        exit_names_refused,
        exit_refused,
        exit_unsupported,
        exit_denied,
        exit_unavailable,
        exit_reset,
        exit_unaccounted,
        retry_not_refused,
        retry_waits,
        retry_recovers,
        bounds_silence,
        bounds_memory,
    }
}

/// All checks of archives.
pub fn all() -> &'static [&'static Check] {
    CATALOGUE
}

/// All checks of one kind of subject.
pub fn of(subject: Subject) -> &'static [&'static Check] {
    match subject {
        Subject::Archive => CATALOGUE,
        Subject::Mcp => OF_SERVERS,
        Subject::Client => OF_CLIENTS,
    }
}

/// What a check judges.
pub fn subject(check: &Check) -> Subject {
    match check.group() {
        "mcp" => Subject::Mcp,
        "client" => Subject::Client,
        _ => Subject::Archive,
    }
}

/// Every check there is: of archives, MCP servers and upload clients.
pub fn every() -> impl Iterator<Item = &'static Check> {
    let lists = [CATALOGUE, OF_SERVERS, OF_CLIENTS];
    lists.into_iter().flatten().copied()
}

/// The check with this id.
pub fn find(id: &str) -> Option<&'static Check> {
    every().find(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::*;
    use crate::identity::hash;

    fn files(folder: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        entries
            .flat_map(|path| {
                if path.is_dir() {
                    files(&path)
                } else {
                    vec![path]
                }
            })
            .collect()
    }

    fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("src/catalogue")
    }

    #[test]
    fn ids_faults_and_data_are_distinct() {
        let distinct = |names: Vec<String>| {
            assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len())
        };
        distinct(every().map(|check| check.id.to_owned()).collect());
        distinct(every().map(|check| check.fault.to_owned()).collect());
        distinct(
            every()
                .map(|check| (hash(check.id) % 10_000_000).to_string())
                .collect(),
        );
    }

    #[test]
    fn every_check_has_a_clause_and_says_what_it_sends_and_accepts() {
        for check in every() {
            assert!(
                !check.clauses.is_empty() && !check.sends.is_empty() && !check.accepts.is_empty(),
                "{}",
                check.id
            );
        }
    }

    #[test]
    fn what_a_protocol_library_passes_is_in_the_list() {
        for id in crate::subject::mcp::OF_LIBRARY {
            assert_eq!(find(id).map(subject), Some(Subject::Mcp), "{id}");
        }
    }

    #[test]
    fn every_file_is_in_the_list() {
        assert_eq!(files(&folder()).len(), every().count());
    }

    /// `cargo fmt` does not look into modules that a macro declares.
    #[test]
    fn every_file_is_formatted() {
        let check = Command::new("rustfmt")
            .args(["--edition", "2024", "--check"])
            .args(files(&folder()))
            .output();
        // A machine without rustfmt builds and tests all the same.
        if let Ok(output) = check {
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stdout)
            );
        }
    }
}
